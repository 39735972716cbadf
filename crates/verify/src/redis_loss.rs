//! `redis-loss`: one process takes requests, two deliver, they share a Redis, and that is taken away from them in every
//! way. Workers are killed, too.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Result;
use telegram_sandbox::Fault;
use tokio::time::sleep;

use crate::{
    Options, Report, Server,
    client_log::ClientLog,
    clock::Stopwatch,
    history,
    load::{Load, Rate},
    process::Process,
    random::Random,
    reckoning::{DRAIN, compare},
    redis::Redis,
    site::{STOP, Site},
    tenant::Tenant,
};

const CHATS: i64 = 4;
const WORKERS: usize = 2;
/// Up to 160 events a second.
const RATE: Rate = Rate { connections: 16, every: Duration::from_millis(100) };
const ANSWER_TIME: Duration = Duration::from_millis(20);
/// How long all is well between two losses, and how long each lasts, in milliseconds.
const PEACE: RangeInclusive<u64> = 50..=600;
const LOSS: RangeInclusive<u64> = 50..=3_000;

/// What is done to Redis, or to a worker.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Restart,
    Flush,
    Pause,
    Full,
    Worker,
}

const LOSSES: [Loss; 5] = [Loss::Restart, Loss::Flush, Loss::Pause, Loss::Full, Loss::Worker];

/// Takes Redis away `options.rounds` times, in every way in turn, and compares the logs.
///
/// # Errors
/// Redis cannot be started, or a server did not get ready or did not end its work.
pub async fn run(server: &Server, options: Options) -> Result<Report> {
    let mut redis = Redis::start().await?;
    let site = Site::new(server, &[("INTEGRATION_DISPATCH_QUEUE", redis.url())]).await?;
    let report = take_away(&site, &mut redis, options).await;
    site.close(report)
}

async fn take_away(site: &Site, redis: &mut Redis, options: Options) -> Result<Report> {
    let (intake, api) = site.start_as("api").await?;
    let tenant = Tenant::with_chats(&api, site.world(), CHATS).await?;
    site.world().script(Fault::slow(ANSWER_TIME).method("sendMessage").forever());
    let api = api.acting_for(&tenant.organization);
    let client = ClientLog::default();
    let load = Load::start(&api, &tenant.addresses, RATE, &client);
    let mut random = Random::new(options.seed);
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(site.start_as("worker").await?.0);
    }
    let mut killed = 0;
    for (_, loss) in (0..options.rounds).zip(LOSSES.into_iter().cycle()) {
        sleep(Duration::from_millis(random.between(PEACE))).await;
        let length = Duration::from_millis(random.between(LOSS));
        match loss {
            Loss::Restart => {
                redis.kill().await?;
                sleep(length).await;
                redis.restart().await?;
            }
            Loss::Flush => redis.tell("FLUSHALL").await?,
            Loss::Pause => {
                redis.pause()?;
                sleep(length).await;
                redis.resume()?;
            }
            Loss::Full => {
                redis.tell("CONFIG SET maxmemory 1").await?;
                sleep(length).await;
                redis.tell("CONFIG SET maxmemory 0").await?;
            }
            Loss::Worker => {
                replace(site, &mut workers).await?;
                killed += 1;
            }
        }
    }
    load.stop().await?;
    let slowest = client.slowest();
    site.world().clear_faults();
    let rest = Stopwatch::start();
    history::all_ended(&api, DRAIN).await?;
    let rest = rest.elapsed();
    let (comparison, _) = compare("redis-loss", site, &api, &tenant, &client).await?;
    for process in workers.into_iter().chain([intake]) {
        process.stop(STOP).await?;
    }
    let mut report = Report { seed: Some(options.seed), kills: killed, ..comparison };
    report.notes.push(format!(
        "{} losses; the slowest answer took {} ms; all was delivered {:.1} s after the last of them",
        options.rounds,
        slowest.as_millis(),
        rest.as_secs_f64()
    ));
    Ok(report)
}

/// Kills the worker that has been there longest, and starts another.
async fn replace(site: &Site, workers: &mut Vec<Process>) -> Result<()> {
    workers.remove(0).kill().await?;
    workers.push(site.start_as("worker").await?.0);
    Ok(())
}
