//! `stop`: the server is told to stop with a hundred attempts under way, and nothing may come of it.

use std::time::Duration;

use anyhow::Result;
use telegram_sandbox::Fault;

use crate::{
    Queue, Report, Server,
    client_log::ClientLog,
    history,
    load::{Load, Rate},
    poll,
    reckoning::reckon,
    site::{STOP, Site},
    tenant::Tenant,
};

/// Attempts that may be in flight; of these one organization gets three quarters, and one chat a quarter.
const CONCURRENCY: usize = 160;
const CHATS: i64 = 6;
/// Attempts in flight at the stop, at least.
const IN_FLIGHT: usize = 100;
const RATE: Rate = Rate { connections: 16, every: Duration::from_millis(20) };
/// How long the receiver takes to answer.
const ANSWER_TIME: Duration = Duration::from_millis(700);
/// How long it may take until that many are in flight.
const RISE: Duration = Duration::from_secs(30);

/// Stops the server `rounds` times and compares the logs.
///
/// # Errors
/// The server did not stop in time or not well, did not get ready again, or did not end its work.
pub async fn run(server: &Server, queue: Queue, rounds: u32) -> Result<Report> {
    let queue = queue.start().await?;
    let concurrency = ("INTEGRATION_WORKER_CONCURRENCY", CONCURRENCY.to_string());
    let site = Site::new(server, &[queue.setting(), concurrency]).await?;
    let report = stop_and_start(&site, rounds).await;
    site.close(report)
}

async fn stop_and_start(site: &Site, rounds: u32) -> Result<Report> {
    let (process, api) = site.start().await?;
    let tenant = Tenant::with_chats(&api, site.world(), CHATS).await?;
    process.stop(STOP).await?;
    site.world().script(Fault::slow(ANSWER_TIME).method("sendMessage").forever());
    let client = ClientLog::default();
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        slowest = slowest.max(stop_once(site, &tenant, &client).await?);
    }
    site.world().clear_faults();
    let reckoning = reckon("stop", site, &tenant, &client).await?;
    let rest = reckoning.rest();
    let mut report = reckoning.report;
    report.notes.push(format!(
        "{rounds} stops with {IN_FLIGHT} or more attempts under way, the slowest in {:.1} s; {rest}",
        slowest.as_secs_f64(),
    ));
    if report.explained > 0 {
        report.faults.push(format!("{} repeats, and an orderly stop needs none", report.explained));
    }
    Ok(report)
}

/// Fills the server with work, tells it to stop, and says how long that took.
async fn stop_once(site: &Site, tenant: &Tenant, client: &ClientLog) -> Result<Duration> {
    let (process, api) = site.start().await?;
    let api = api.acting_for(&tenant.organization);
    let load = Load::start(&api, &tenant.addresses, RATE, client);
    poll::until(RISE, "there were not enough attempts under way", async || {
        Ok((history::in_status(&api, "delivering").await? >= IN_FLIGHT).then_some(()))
    })
    .await?;
    let took = process.stop(STOP).await?;
    load.end().await;
    Ok(took)
}
