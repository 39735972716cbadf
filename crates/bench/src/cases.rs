//! The cases: what is sent, to how many, and what is to come of it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use tokio::time::sleep;
use verify::redis::Redis;

use crate::{
    Args, clock,
    figures::{Line, medians, percentiles},
    limits::{self, Limits},
    load::{self, Kind},
    machine,
    sink::Sink,
    site::{CHAT, Place, Site},
};

/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// 10,000, 30,000 and 100,000 events at once, each for one chat
    Burst,
    /// 10,000 events, each for ten chats
    FanOut,
    /// 50 events a second
    Steady50,
    /// 1,000 events a second
    Steady1000,
    /// 5,000 raw mails of 20 KiB at once
    Mail,
    /// 20,000 events for 10, 100 and 1,000 organizations with 100 addresses each; and so many again when each address
    /// has had one
    Tenants,
    /// 20,000 events on top of hardly any, 100,000 and 1,000,000 earlier ones
    History,
    /// 500 events a second for 100 chats, and the same when one of them never answers
    Hang,
    /// 30,000 events at once, with Redis as the queue
    Redis,
}

impl Case {
    /// How often it is measured, if so many runs are asked for. What takes minutes to set up is set up once.
    fn runs(self, asked: usize) -> usize {
        if matches!(self, Self::Tenants | Self::History) { 1 } else { asked.max(1) }
    }
}

/// All that was measured.
pub(crate) struct Measured {
    pub(crate) lines: Vec<Line>,
    pub(crate) runs: usize,
}

/// Measures what was asked for.
pub(crate) async fn measure(args: &Args) -> Result<Measured> {
    let bench = Bench { args, sink: Sink::start().await? };
    let cases = if args.cases.is_empty() { Case::value_variants() } else { &args.cases };
    let mut lines: Vec<Line> = Vec::new();
    for case in cases {
        let mut runs: Vec<Vec<Line>> = Vec::new();
        for _ in 0..case.runs(args.runs) {
            for (number, line) in bench.run(*case).await.with_context(|| format!("{case:?}"))?.into_iter().enumerate() {
                eprintln!("{}: {:.0}/s, {:.1} us", line.name, line.rate, line.cpu);
                match runs.get_mut(number) {
                    Some(runs) => runs.push(line),
                    None => runs.push(vec![line]),
                }
            }
        }
        let mut of_case: Vec<_> = runs.into_iter().filter_map(|runs| medians(&runs)).collect();
        if args.scale >= 1.0 {
            judge(*case, &mut of_case, &lines);
        }
        lines.append(&mut of_case);
    }
    Ok(Measured { lines, runs: args.runs.max(1) })
}

struct Bench<'a> {
    args: &'a Args,
    sink: Sink,
}

/// One of several servers that take turns.
struct Side {
    site: Site,
    places: Vec<Place>,
    name: String,
}

/// What is known before a run.
struct Before {
    limits: Limits,
    load_average: f64,
    cpu: f64,
    start: Duration,
}

impl Bench<'_> {
    async fn run(&self, case: Case) -> Result<Vec<Line>> {
        match case {
            Case::Burst => self.bursts().await,
            Case::FanOut => Ok(vec![self.burst("fan-out 10", self.scaled(10_000), 10, Kind::Event, &[]).await?]),
            Case::Mail => Ok(vec![self.burst("raw mail", self.scaled(5_000), 1, Kind::Mail, &[]).await?]),
            Case::Steady50 => Ok(vec![self.steady("steady 50/s", 50, self.scaled(1_000)).await?]),
            Case::Steady1000 => Ok(vec![self.steady("steady 1,000/s", 1_000, self.scaled(10_000)).await?]),
            Case::Tenants => self.tenants().await,
            Case::History => self.history().await,
            Case::Hang => self.hang().await,
            Case::Redis => {
                let redis = Redis::start().await?;
                let settings = [("INTEGRATION_DISPATCH_QUEUE", redis.url())];
                Ok(vec![self.burst("burst, Redis queue", self.scaled(30_000), 1, Kind::Event, &settings).await?])
            }
        }
    }

    async fn bursts(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for events in [10_000, 30_000, 100_000] {
            lines.push(self.burst("burst", self.scaled(events), 1, Kind::Event, &[]).await?);
        }
        Ok(lines)
    }

    async fn burst(
        &self,
        name: &str,
        events: usize,
        chats: usize,
        kind: Kind,
        settings: &[(&'static str, String)],
    ) -> Result<Line> {
        let site = self.start(settings).await?;
        // A single chat gets a quarter of the slots.
        let places = site.places(10, 1, chats).await?;
        let line = self.measure_burst(&site, &places, name, events, chats, kind).await?;
        site.end().await?;
        Ok(line)
    }

    async fn measure_burst(
        &self,
        site: &Site,
        places: &[Place],
        name: &str,
        events: usize,
        chats: usize,
        kind: Kind,
    ) -> Result<Line> {
        let before = self.before(site, events).await?;
        load::burst(&site.api, places, kind, events).await?;
        self.after(site, &before, name, events, chats, None).await
    }

    /// The medians of bursts for servers that take turns, so that a slow minute of the machine is one for all of them.
    async fn measure_in_turns(&self, sides: Vec<Side>, events: usize) -> Result<Vec<Line>> {
        let mut runs = vec![Vec::new(); sides.len()];
        for _ in 0..TURNS {
            for (Side { site, places, name }, runs) in sides.iter().zip(&mut runs) {
                runs.push(self.measure_burst(site, places, name, events, 1, Kind::Event).await?);
            }
        }
        for side in sides {
            side.site.end().await?;
        }
        runs.iter().map(|runs| medians(runs).context("nothing was measured")).collect()
    }

    async fn steady(&self, name: &str, rate: u32, events: usize) -> Result<Line> {
        let site = self.start(&[]).await?;
        let places = site.places(1, 10, 1).await?;
        let line = self.measure_steady(&site, &places, name, rate, events).await?;
        site.end().await?;
        Ok(line)
    }

    async fn measure_steady(
        &self,
        site: &Site,
        places: &[Place],
        name: &str,
        rate: u32,
        events: usize,
    ) -> Result<Line> {
        // A server that was just started has its pages and statements to read; that is not what is measured.
        self.send(site, places, WARM_UP).await?;
        let before = self.before(site, events).await?;
        let due = load::steady(&site.api, places, events, rate).await?;
        self.after(site, &before, name, events, 1, Some(due)).await
    }

    async fn tenants(&self) -> Result<Vec<Line>> {
        let (mut new, mut sides) = (Vec::new(), Vec::new());
        let events = self.scaled(20_000);
        for organizations in [10, 100, 1_000] {
            let organizations = self.scaled(organizations);
            let site = self.start(&[]).await?;
            let places = site.places(organizations, 100, 1).await?;
            let name = format!("{organizations} organizations");
            new.push(self.measure_burst(&site, &places, &name, events, 1, Kind::Event).await?);
            self.send(&site, &places, places.len()).await?;
            sides.push(Side { site, places, name: name + AGAIN });
        }
        new.append(&mut self.measure_in_turns(sides, events).await?);
        Ok(new)
    }

    async fn history(&self) -> Result<Vec<Line>> {
        let mut sides = Vec::new();
        for history in [0, 100_000, 1_000_000] {
            let history = self.scaled(history);
            let site = self.start(&[]).await?;
            let places = site.places(10, 1, 1).await?;
            self.send(&site, &places, history.max(WARM_UP)).await?;
            sides.push(Side { site, places, name: format!("history {history}") });
        }
        self.measure_in_turns(sides, self.scaled(20_000)).await
    }

    async fn hang(&self) -> Result<Vec<Line>> {
        let site = self.start(&[]).await?;
        let (places, events) = (site.places(100, 1, 1).await?, self.scaled(5_000));
        let mut lines = vec![self.measure_steady(&site, &places, "100 chats", 500, events).await?];
        let before = self.before(&site, events).await?;
        self.sink.hang(CHAT);
        let due = load::steady(&site.api, &places, events, 500).await?;
        // What is for the chat that hangs does not arrive, one in a hundred; the others are waited for.
        self.all_arrived((events - events.div_ceil(100)) as u64).await?;
        lines.push(self.line(&site, &before, "100 chats, one hangs", events, 1, Some(due))?);
        self.sink.hang(0);
        Ok(lines)
    }

    /// Sends events that are not measured.
    async fn send(&self, site: &Site, places: &[Place], events: usize) -> Result<()> {
        self.sink.expect(events);
        load::burst(&site.api, places, Kind::Event, events).await?;
        self.all_arrived(events as u64).await
    }

    async fn start(&self, settings: &[(&'static str, String)]) -> Result<Site> {
        Site::start(&self.args.server, &self.sink, settings).await
    }

    async fn before(&self, site: &Site, events: usize) -> Result<Before> {
        let folder = std::env::temp_dir();
        let load_average = machine::load_average();
        let limits = limits::measure(&self.sink, &folder, self.args.rows.as_ref()).await?;
        self.sink.expect(events);
        Ok(Before { limits, load_average, cpu: site.cpu_seconds()?, start: clock::now() })
    }

    /// Waits for all messages, and finds every event as often as it must be there.
    async fn after(
        &self,
        site: &Site,
        before: &Before,
        name: &str,
        events: usize,
        chats: usize,
        due: Option<Vec<Duration>>,
    ) -> Result<Line> {
        self.all_arrived((events * chats) as u64).await?;
        let line = self.line(site, before, name, events, chats, due)?;
        let wrong = self.sink.arrivals().iter().filter(|arrival| arrival.copies as usize != chats).count();
        ensure!(wrong == 0, "{name}: void, since {wrong} of {events} events did not arrive exactly {chats} times");
        Ok(line)
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer events than an f64 can count")]
    fn line(
        &self,
        site: &Site,
        before: &Before,
        name: &str,
        events: usize,
        chats: usize,
        due: Option<Vec<Duration>>,
    ) -> Result<Line> {
        let (cpu, arrivals) = (site.cpu_seconds()? - before.cpu, self.sink.arrivals().clone());
        let there = || arrivals.iter().filter(|arrival| arrival.copies > 0);
        let last = there().map(|arrival| arrival.at).max().unwrap_or_default();
        let latencies = due.map(|due| {
            let came = arrivals.iter().zip(due).filter(|(arrival, _)| arrival.copies > 0);
            percentiles(came.map(|(arrival, due)| arrival.at.saturating_sub(due)).collect())
        });
        let messages = (there().count() * chats) as f64;
        Ok(Line {
            name: name.to_owned(),
            events,
            rate: messages / (last.saturating_sub(before.start)).as_secs_f64(),
            cpu: cpu * 1e6 / messages,
            latency: latencies,
            memory: site.most_memory()?,
            limits: before.limits,
            load_average: before.load_average,
            targets: Vec::new(),
        })
    }

    async fn all_arrived(&self, messages: u64) -> Result<()> {
        let start = clock::now();
        while self.sink.messages() < messages {
            ensure!(clock::now() - start < PATIENCE, "{} of {messages} messages came", self.sink.messages());
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size")]
    fn scaled(&self, size: usize) -> usize {
        (size as f64 * self.args.scale).ceil() as usize
    }
}

/// What the names of lines end with that show organizations whose addresses are known.
const AGAIN: &str = ", again";

/// How often each of several servers is measured that take turns.
pub(crate) const TURNS: usize = 5;

/// Events that warm a server up.
const WARM_UP: usize = 500;

/// Compares the last line of a case with its targets; `earlier` are the lines of other cases.
fn judge(case: Case, of_case: &mut [Line], earlier: &[Line]) {
    let first = of_case.iter().find(|line| case != Case::Tenants || line.name.ends_with(AGAIN)).cloned();
    let (Some(first), Some(line)) = (first, of_case.last_mut()) else { return };
    match case {
        Case::Burst => {
            line.target("ratio of 0.12", line.ratio() >= 0.12);
            line.target("80 µs a message", line.cpu <= 80.0);
            line.target("150 MiB", line.memory <= 150.0);
        }
        Case::FanOut => line.target("50 µs a message", line.cpu <= 50.0),
        Case::Steady50 => {
            let [median, late, _] = line.latency.unwrap_or_default();
            line.target("median of two syncs + 1 ms", median <= line.limits.sync * 2 + Duration::from_millis(1));
            line.target("p99 of five medians", late <= median * 5);
        }
        Case::History => line.target("15 % more than without", line.cpu <= first.cpu * 1.15),
        Case::Tenants => line.target("15 % more than with the fewest", line.cpu <= first.cpu * 1.15),
        Case::Hang => {
            let late = |line: &Line| line.latency.unwrap_or_default()[1];
            line.target("p99 of the others not doubled", late(line) <= late(&first) * 2);
        }
        Case::Redis => {
            if let Some(embedded) = earlier.iter().find(|other| other.name == "burst" && other.events == line.events) {
                line.target("half the embedded rate", line.rate >= embedded.rate / 2.0);
            }
        }
        Case::Steady1000 | Case::Mail => {}
    }
}
