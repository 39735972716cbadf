//! `kill`: the server is killed at random moments under load, again and again on the same data.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Result;
use jiff::Timestamp;
use telegram_sandbox::Fault;
use tokio::time::sleep;

use crate::{
    Options, Queue, Report, Server,
    client_log::ClientLog,
    clock::{self, Stopwatch},
    load::{Load, Rate},
    random::Random,
    reckoning::{Reckoning, reckon},
    site::Site,
    tenant::Tenant,
};

/// Attempts in flight, and so the most messages that one kill may repeat.
const CONCURRENCY: usize = 64;
const CHATS: i64 = 4;
/// Up to 160 events a second.
const RATE: Rate = Rate { connections: 16, every: Duration::from_millis(100) };
/// What is too little for the kills to prove anything, in events a second.
const LEAST_LOAD: f64 = 50.0;
/// How long the receiver takes to answer, so that there are attempts to be killed.
const ANSWER_TIME: Duration = Duration::from_millis(20);
/// How long after it is ready the server is killed, in milliseconds.
const LIFE: RangeInclusive<u64> = 5..=500;
/// One kill in so many comes while the server starts, and so while it recovers from the one before:
const EARLY: u64 = 8;
/// so long after the process was started, in milliseconds.
const YOUTH: RangeInclusive<u64> = 0..=100;

/// Kills the server `options.rounds` times and compares the logs.
///
/// # Errors
/// The server did not get ready again, or did not end its work, or something else was not as it must be for a
/// comparison.
pub async fn run(server: &Server, queue: Queue, options: Options) -> Result<Report> {
    let queue = queue.start().await?;
    let concurrency = ("INTEGRATION_WORKER_CONCURRENCY", CONCURRENCY.to_string());
    let site = Site::new(server, &[queue.setting(), concurrency]).await?;
    let report = break_down(&site, options).await;
    site.close(report)
}

async fn break_down(site: &Site, options: Options) -> Result<Report> {
    let (process, api) = site.start().await?;
    let tenant = Tenant::with_chats(&api, site.world(), CHATS).await?;
    site.world().script(Fault::slow(ANSWER_TIME).method("sendMessage").forever());
    process.kill().await?;
    let mut run = Run {
        site,
        tenant: &tenant,
        client: ClientLog::default(),
        random: Random::new(options.seed),
        kills: Vec::new(),
        slowest_start: Duration::ZERO,
        served: Duration::ZERO,
    };
    for _ in 0..options.rounds {
        run.round().await?;
    }
    let reckoning = reckon("kill", site, &tenant, &run.client).await?;
    Ok(run.report(reckoning, options))
}

struct Run<'a> {
    site: &'a Site,
    tenant: &'a Tenant,
    client: ClientLog,
    random: Random,
    kills: Vec<Timestamp>,
    slowest_start: Duration,
    /// How long the server was up and under load, in all.
    served: Duration,
}

impl Run<'_> {
    async fn round(&mut self) -> Result<()> {
        match self.random.between(1..=EARLY) {
            1 => self.kill_early().await?,
            _ => self.kill_at_work().await?,
        }
        self.kills.push(clock::now());
        Ok(())
    }

    async fn kill_early(&mut self) -> Result<()> {
        let process = self.site.spawn()?;
        sleep(Duration::from_millis(self.random.between(YOUTH))).await;
        process.kill().await
    }

    async fn kill_at_work(&mut self) -> Result<()> {
        let (process, api) = self.site.start().await?;
        self.slowest_start = self.slowest_start.max(process.age());
        let up = Stopwatch::start();
        let api = api.acting_for(&self.tenant.organization);
        let load = Load::start(&api, &self.tenant.addresses, RATE, &self.client);
        sleep(Duration::from_millis(self.random.between(LIFE))).await;
        process.kill().await?;
        self.served += up.elapsed();
        load.end().await;
        Ok(())
    }

    fn report(self, reckoning: Reckoning, options: Options) -> Report {
        let rest = reckoning.rest();
        let Reckoning { report, lost_answers, .. } = reckoning;
        let load = per_second(report.accepted, self.served);
        let most = most_of_one_kill(&lost_answers, &self.kills);
        let mut report = Report { seed: Some(options.seed), kills: options.rounds, ..report };
        report.notes.push(format!(
            "{load:.0} events/s accepted while up; at most {most} messages in doubt at one kill, of {CONCURRENCY} \
             attempts that may be open; ready again within {} ms; {rest}",
            self.slowest_start.as_millis(),
        ));
        if load < LEAST_LOAD {
            report.faults.push(format!("a load of {load:.0} events/s is too little to prove anything"));
        }
        if most > CONCURRENCY {
            report.faults.push(format!("one kill repeated messages of {most} attempts; {CONCURRENCY} may be open"));
        }
        report
    }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer events than an f64 can count")]
fn per_second(events: usize, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}

/// How many of the attempts were open at the same kill, at most.
fn most_of_one_kill(started: &[Timestamp], kills: &[Timestamp]) -> usize {
    let mut counts = vec![0; kills.len() + 1];
    for attempt in started {
        if let Some(count) = counts.get_mut(kills.partition_point(|kill| kill < attempt)) {
            *count += 1;
        }
    }
    counts.into_iter().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_charged_to_the_kill_that_came_next() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let kills = [at(10), at(20), at(30)];
        assert_eq!(most_of_one_kill(&[], &kills), 0);
        assert_eq!(most_of_one_kill(&[at(1), at(11), at(12), at(25)], &kills), 2);
        assert_eq!(most_of_one_kill(&[at(31), at(32), at(33)], &kills), 3);
    }
}
