//! The end of a run: everything is delivered in peace, and the logs are compared.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;

use crate::{
    Report,
    client_log::ClientLog,
    clock::Stopwatch,
    history,
    site::{STOP, Site},
    tenant::Tenant,
};

/// How long the server has, once it is left in peace, to end every dispatch.
const DRAIN: Duration = Duration::from_secs(60);

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
    let received = site.received()?;
    let mut dispatches = history::dispatches(&api, tenant).await?;
    for dispatch in &mut dispatches {
        if received.get(&dispatch.message).is_some_and(|copies| *copies > 1) {
            dispatch.lost_answers = history::lost_answers(&api, &dispatch.id).await?;
        }
    }
    process.stop(STOP).await?;
    let mut report = Report::of(program);
    report.compare(&client.entries(), &received, &dispatches);
    let lost_answers = dispatches.into_iter().flat_map(|dispatch| dispatch.lost_answers).collect();
    Ok(Reckoning { report, lost_answers, rest, drained })
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
