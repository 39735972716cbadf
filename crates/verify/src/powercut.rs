//! `powercut`: the power goes at random moments under load, and what was not synced is gone.
//!
//! `kill` cannot show that: what a killed process wrote is still in the memory of the machine. Here the server writes
//! to a disk that keeps only what was synced (`shim/powercut.c`), and after each kill the data are what that disk has.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::Result;
use telegram_sandbox::Fault;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    Options, Report, Server,
    client_log::ClientLog,
    disk::Disk,
    load::{Load, Rate},
    preload,
    random::Random,
    reckoning::reckon,
    site::Site,
    tenant::Tenant,
};

const SHIM: &str = include_str!("shim/powercut.c");
const CHATS: i64 = 4;
/// Up to 160 events a second.
const RATE: Rate = Rate { connections: 16, every: Duration::from_millis(100) };
const ANSWER_TIME: Duration = Duration::from_millis(20);
/// How long after it is ready the power goes, in milliseconds.
const LIFE: RangeInclusive<u64> = 5..=500;

/// What the server's commits are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commits {
    /// What they are.
    Synced,
    /// What they would be with `synchronous=NORMAL`.
    Lazy,
}

/// Cuts the power `options.rounds` times and compares the logs.
///
/// # Errors
/// The library cannot be built, or the server did not get ready again or did not end its work.
pub async fn run(server: &Server, options: Options) -> Result<Report> {
    run_with(server, Commits::Synced, options).await
}

/// The same with commits that are not synced. Events must disappear, or the other run proves nothing.
///
/// # Errors
/// As for [`run`].
pub async fn control(server: &Server, options: Options) -> Result<Report> {
    let mut report = run_with(server, Commits::Lazy, options).await?;
    let gone = report.gone.len();
    report.faults.clear();
    if gone == 0 {
        report.faults.push("no event is gone, so that a run without losses proves nothing".to_owned());
    } else if let Some(folder) = report.kept.take() {
        std::fs::remove_dir_all(folder)?;
    }
    report.notes.push(format!("{gone} accepted events are lost or forgotten, as it must be without syncs"));
    Ok(report)
}

async fn run_with(server: &Server, commits: Commits, options: Options) -> Result<Report> {
    let folder = tempfile::Builder::new().prefix("verify-disk-").tempdir()?;
    let library = preload::build(folder.path(), "powercut", SHIM).await?;
    let mut settings = vec![preload::setting(&library), ("VERIFY_DISK", copies(&folder).display().to_string())];
    if commits == Commits::Lazy {
        settings.push(("VERIFY_COMMITS", "lazy".to_owned()));
    }
    std::fs::create_dir(copies(&folder))?;
    let site = Site::new(server, &settings).await?;
    let disk = Disk { copies: copies(&folder), data: site.data().to_owned() };
    let program = if commits == Commits::Lazy { "powercut-control" } else { "powercut" };
    let report = cut_and_start(program, &site, &disk, options).await;
    site.close(report)
}

fn copies(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("copies")
}

async fn cut_and_start(program: &'static str, site: &Site, disk: &Disk, options: Options) -> Result<Report> {
    let (process, api) = site.start().await?;
    let tenant = Tenant::with_chats(&api, site.world(), CHATS).await?;
    site.world().script(Fault::slow(ANSWER_TIME).method("sendMessage").forever());
    process.stop(crate::site::STOP).await?;
    disk.agrees()?;
    let (client, mut random) = (ClientLog::default(), Random::new(options.seed));
    let mut dropped = 0;
    for _ in 0..options.rounds {
        let (process, api) = site.start().await?;
        let api = api.acting_for(&tenant.organization);
        let load = Load::start(&api, &tenant.addresses, RATE, &client);
        sleep(Duration::from_millis(random.between(LIFE))).await;
        process.kill().await?;
        load.end().await;
        dropped += disk.cut(&mut random)?;
    }
    let reckoning = reckon(program, site, &tenant, &client).await?;
    disk.agrees()?;
    let rest = reckoning.rest();
    let mut report = Report { seed: Some(options.seed), kills: options.rounds, ..reckoning.report };
    report.notes.push(format!("{dropped} writes were dropped, in whole or in part; {rest}"));
    if dropped == 0 {
        report.faults.push("no cut met a write that was not synced, which proves nothing".to_owned());
    }
    Ok(report)
}
