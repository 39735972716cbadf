//! The end of a run: everything is delivered in peace, and the logs are compared.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;

use crate::{
    Report,
    api::Api,
    client_log::ClientLog,
    clock::Stopwatch,
    history,
    site::{STOP, Site},
    tenant::Tenant,
};

/// How long servers have, once they are left in peace, to end every dispatch: with a shared queue, what a dead process
/// had is under way again after its lease and a sweep, 75 s; the rest is for a slow machine.
pub(crate) const DRAIN: Duration = Duration::from_secs(120);

/// What came of a run.
pub(crate) struct Reckoning {
    pub(crate) report: Report,
    /// When the attempts began whose lost answers led to repeats.
    pub(crate) lost_answers: Vec<Timestamp>,
    /// How many messages came after the last start.
    rest: u64,
    /// How long it took from the last start until all had ended.
    drained: Duration,
}

/// Starts the server once more, waits until all dispatches have ended, and compares the logs.
pub(crate) async fn reckon(
    program: &'static str,
    site: &Site,
    tenant: &Tenant,
    client: &ClientLog,
) -> Result<Reckoning> {
    let before = site.world().received_total();
    let watch = Stopwatch::start();
    let (process, api) = site.start().await?;
    let api = api.acting_for(&tenant.organization);
    history::all_ended(&api, DRAIN).await?;
    let drained = watch.elapsed();
    let rest = site.world().received_total() - before;
    let (report, lost_answers) = compare(program, site, &api, tenant, client).await?;
    process.stop(STOP).await?;
    Ok(Reckoning { report, lost_answers, rest, drained })
}

/// Compares the logs, and says when the attempts began whose lost answers led to repeats.
pub(crate) async fn compare(
    program: &'static str,
    site: &Site,
    api: &Api,
    tenant: &Tenant,
    client: &ClientLog,
) -> Result<(Report, Vec<Timestamp>)> {
    let received = site.received()?;
    let mut dispatches = history::dispatches(api, tenant).await?;
    for dispatch in &mut dispatches {
        if received.get(&dispatch.message).is_some_and(|copies| *copies > 1) {
            dispatch.lost_answers = history::lost_answers(api, &dispatch.id).await?;
        }
    }
    let mut report = Report::of(program);
    report.compare(&client.entries(), &received, &dispatches);
    Ok((report, dispatches.into_iter().flat_map(|dispatch| dispatch.lost_answers).collect()))
}

impl Reckoning {
    /// What was left to do after the last start, in words.
    pub(crate) fn rest(&self) -> String {
        format!(
            "the last {} messages were delivered within {:.1} s of the last start",
            self.rest,
            self.drained.as_secs_f64()
        )
    }
}
