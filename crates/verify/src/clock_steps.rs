//! `clock`: the machine's wall clock is set hours forward and back while the server works, and nothing may come of it.

use std::{
    fs::File,
    ops::RangeInclusive,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use telegram_sandbox::Fault;
use tokio::time::sleep;

use crate::{
    Options, Report, Server,
    api::Api,
    client_log::ClientLog,
    clock, history,
    load::{Load, Rate},
    preload,
    random::Random,
    reckoning::{DRAIN, compare},
    site::{STOP, Site},
    tenant::{self, Tenant},
};

const SHIM: &str = include_str!("shim/clock.c");
const CHATS: i64 = 4;
/// Up to 80 events a second.
const RATE: Rate = Rate { connections: 8, every: Duration::from_millis(100) };
/// How far the clock is set, in seconds.
const STEP: RangeInclusive<u64> = 0..=2 * 3600;
/// How long it stays there, in milliseconds.
const STAY: RangeInclusive<u64> = 50..=400;
/// So many messages fail at first, and come again after this time.
const FAILING: u32 = 40;
const BASE_DELAY: Duration = Duration::from_secs(2);
/// By how much times may be off: what passes between an event and the reading of the clock, generously.
const SLACK: Duration = Duration::from_secs(60);

/// Sets the clock `options.rounds` times and compares the logs, and the times that the server tells.
///
/// # Errors
/// The library cannot be built or does not act, or the server did not get ready or did not end its work.
pub async fn run(server: &Server, options: Options) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("verify-clock-").tempdir()?;
    let wall = Wall::new(folder.path())?;
    let library = preload::build(folder.path(), "clock", SHIM).await?;
    let settings = [
        preload::setting(&library),
        ("VERIFY_CLOCK", wall.path.display().to_string()),
        ("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", BASE_DELAY.as_secs().to_string()),
        ("INTEGRATION_QUEUE_JITTER_SECONDS", "0".to_owned()),
    ];
    let site = Site::new(server, &settings).await?;
    let report = set_and_see(&site, &wall, options).await;
    site.close(report)
}

/// How far the wall clock is off, as the library reads it.
struct Wall {
    path: PathBuf,
    file: File,
}

impl Wall {
    fn new(folder: &Path) -> Result<Self> {
        let path = folder.join("seconds");
        let file = File::create(&path)?;
        let wall = Self { path, file };
        wall.set(0)?;
        Ok(wall)
    }

    fn set(&self, seconds: i64) -> Result<()> {
        Ok(self.file.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }
}

async fn set_and_see(site: &Site, wall: &Wall, options: Options) -> Result<Report> {
    acts(site, wall).await?;
    let start = clock::now();
    let (process, api) = site.start().await?;
    let tenant = Tenant::with_chats(&api, site.world(), CHATS).await?;
    let api = api.acting_for(&tenant.organization);
    site.world().script(Fault::error(500, "Internal Server Error").method("sendMessage").times(FAILING));
    let (client, mut random) = (ClientLog::default(), Random::new(options.seed));
    let load = Load::start(&api, &tenant.addresses, RATE, &client);
    for round in 0..options.rounds {
        let seconds = i64::try_from(random.between(STEP))?;
        wall.set(if round % 2 == 0 { seconds } else { -seconds })?;
        sleep(Duration::from_millis(random.between(STAY))).await;
    }
    load.stop().await?;
    history::all_ended(&api, DRAIN).await?;
    let (mut report, _) = compare("clock", site, &api, &tenant, &client).await?;
    judge_times(&mut report, &api, &tenant, start).await?;
    process.stop(STOP).await?;
    wall.set(0)?;
    report.seed = Some(options.seed);
    report.notes.push(format!("the clock was set {} times, by up to two hours either way", options.rounds));
    Ok(report)
}

/// A server that starts with a clock that is off must tell wrong times, or the library does nothing.
async fn acts(site: &Site, wall: &Wall) -> Result<()> {
    wall.set(-7 * 86_400)?;
    let (process, api) = site.start().await?;
    let founded = tenant::founded_at(&api).await?;
    process.stop(STOP).await?;
    wall.set(0)?;
    let off = clock::now().duration_since(founded).as_secs();
    ensure!(off > 6 * 86_400, "the clock was set back a week, and the server did not notice");
    Ok(())
}

/// Every time must be of this run, and every repeat must have waited.
async fn judge_times(report: &mut Report, api: &Api, tenant: &Tenant, start: Timestamp) -> Result<()> {
    let (from, until) = (start - SLACK, clock::now() + SLACK);
    let mut repeated = 0_u32;
    for dispatch in history::dispatches(api, tenant).await? {
        let attempts = history::attempts(api, &dispatch.id).await?;
        let wrong = attempts.iter().any(|attempt| attempt.started_at < from || attempt.started_at > until);
        if wrong {
            report.faults.push(format!("{} was attempted at {:?}, which is not in this run", dispatch.id, attempts));
        }
        for (one, next) in attempts.iter().zip(attempts.iter().skip(1)) {
            repeated += 1;
            let waited = one.ended_at.map(|end| next.started_at.duration_since(end));
            if waited.is_none_or(|waited| waited < BASE_DELAY.try_into().unwrap_or_default()) {
                report.faults.push(format!("{} was attempted again after {waited:?}", dispatch.id));
            }
        }
    }
    if repeated == 0 {
        report.faults.push("nothing had to wait, which proves nothing".to_owned());
    }
    report.notes.push(format!("{repeated} messages failed and came again, none before {} s", BASE_DELAY.as_secs()));
    Ok(())
}
