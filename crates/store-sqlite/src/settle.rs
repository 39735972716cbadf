//! Ending attempts, for many calls at once.

use std::{collections::BTreeSet, sync::Arc};

use integrations_core::{
    AttemptError, CancelReason, DeliveryError, Integration, Receipt,
    rules::{IntegrationChange, Policy, SettleFacts, Settlement},
    store::{AttemptReport, Settled},
};
use jiff::Timestamp;

use crate::{
    attempts::{self, Failed},
    integrations,
    lanes::LaneTable,
    session::Session,
    states::{Changes, Delivery},
    working::{Known, Stored, Working, places::Places},
};

/// A call of [`integrations_core::store::WorkStore::settle`].
pub(crate) struct Settle {
    pub(crate) reports: Vec<AttemptReport>,
    pub(crate) policy: Policy,
}

/// Settles the reports of all calls; gives the answers to each.
pub(crate) async fn run(
    session: &mut Session<'_>,
    working: &mut Working,
    calls: &[&Settle],
) -> sqlx::Result<Vec<Vec<Settled>>> {
    let reports = || calls.iter().flat_map(|call| &call.reports);
    let ids = || reports().map(|report| report.dispatch);
    working.dispatches.read(session, ids(), false).await?;
    integrations::read(session, working, ids()).await?;
    let lanes = lanes(session, working, reports()).await?;
    let mut settling =
        Settling { working, lanes, changes: Changes::default(), failed: Vec::new(), changed: BTreeSet::new() };
    let answers = calls.iter().map(|call| settling.settle_all(call)).collect();
    settling.store(session).await?;
    ids().for_each(|id| working.dispatches.forget(id));
    Ok(answers)
}

/// All that is known, and how it changes as one attempt after the other ends.
struct Settling<'w> {
    working: &'w mut Working,
    lanes: LaneTable,
    changes: Changes,
    failed: Vec<Failed>,
    /// Integrations that were changed.
    changed: BTreeSet<i64>,
}

impl Settling<'_> {
    fn settle_all(&mut self, call: &Settle) -> Vec<Settled> {
        call.reports.iter().map(|report| self.settle(report, &call.policy).unwrap_or(Settled::Late)).collect()
    }

    /// None if the report comes too late.
    fn settle(&mut self, report: &AttemptReport, policy: &Policy) -> Option<Settled> {
        let Working { dispatches, integrations, .. } = &mut *self.working;
        let known = dispatches.get_mut(report.dispatch)?;
        let stored = integrations.get_mut(&known.integration);
        let Some(state) = &known.state else {
            tracing::error!(dispatch = %report.dispatch, "the end of an attempt cannot be stored; its lease will end");
            return None;
        };
        if state.generation != report.generation {
            return None;
        }
        let living = stored.as_deref().and_then(Stored::living);
        let settlement = policy.settle(SettleFacts {
            now: report.ended_at,
            state,
            result: &report.result,
            jitter: report.jitter,
            deleted: deleted(known, stored.as_deref()),
            outdated: living.is_none_or(|integration| integration.revision != report.revision),
        })?;
        let Settlement { state: next, integration: change, park } = settlement;
        if let Some(Stored { integration: Some(integration), deleted }) = stored {
            if let Some(park) = park {
                self.lanes.change(integration, known.organization, park.reach).park(park.until);
            }
            if let Some(change) = change.filter(|_| !*deleted) {
                apply(Arc::make_mut(integration), change, report.ended_at);
                self.changed.insert(known.integration);
            }
        }
        let (due, number) = (next.due_at, state.attempt_count);
        let before = known.state.replace(next.clone())?;
        let started_at = known.started_at.unwrap_or(report.ended_at);
        match &report.result {
            Ok(Receipt { remote_id }) => {
                let delivery = Delivery { started_at, remote_id: remote_id.clone() };
                self.changes.deliver(known.sequence, known.organization, before, next, delivery);
            }
            Err(error) => {
                self.failed.push(failed(known.sequence, number, started_at, report.ended_at, error));
                self.changes.add(known.sequence, known.organization, before, next, None);
            }
        }
        Some(due.map_or(Settled::Ended, Settled::Waiting))
    }

    async fn store(self, session: &mut Session<'_>) -> sqlx::Result<()> {
        let Self { working, lanes, changes, failed, changed } = self;
        changes.store(session, Some(&mut working.threads));
        attempts::store(session, failed);
        working.any_lanes |= lanes.store(session);
        if !changed.is_empty() {
            // They know the lanes of their subscribers.
            working.places = Places::default();
        }
        for sequence in changed {
            if let Some(integration) = working.integrations.get(&sequence).and_then(Stored::living) {
                integrations::overwrite(session.connection().await?, sequence, integration).await?;
            }
        }
        Ok(())
    }
}

/// The lanes that may have to wait. Most attempts succeed, and then there are none.
async fn lanes(
    session: &mut Session<'_>,
    working: &Working,
    reports: impl Iterator<Item = &AttemptReport>,
) -> sqlx::Result<LaneTable> {
    let mut affected = Vec::new();
    for report in reports {
        let Err(error) = &report.result else { continue };
        let known = working.dispatches.get(report.dispatch);
        let stored = known.and_then(|known| working.integrations.get(&known.integration));
        let Some(integration) = stored.and_then(|stored| stored.integration.as_deref()) else { continue };
        // A destination that moves has another lane from then on.
        let moved = error.moved_to.as_deref().cloned();
        affected.extend(moved.map(|connection| Integration { connection, ..integration.clone() }));
        affected.push(integration.clone());
    }
    LaneTable::read(session, affected.iter()).await
}

/// Why nobody waits for a dispatch any more, if that is so.
fn deleted(known: &Known, integration: Option<&Stored>) -> Option<CancelReason> {
    if integration.is_some_and(|stored| stored.deleted) {
        return Some(CancelReason::IntegrationDeleted);
    }
    known.address_deleted.then_some(CancelReason::AddressDeleted)
}

fn apply(integration: &mut Integration, change: IntegrationChange, now: Timestamp) {
    match change {
        IntegrationChange::Stop { status, reason } => {
            integration.status = status;
            integration.status_reason = Some(reason);
        }
        IntegrationChange::Move(connection) => integration.connection = *connection,
    }
    integration.revision += 1;
    integration.updated_at = now;
}

/// The line of the log for an attempt that has just failed.
fn failed(dispatch: i64, number: u32, started_at: Timestamp, ended_at: Timestamp, error: &DeliveryError) -> Failed {
    let (outcome, retry_after) = (error.kind.into(), error.retry_after);
    Failed { dispatch, number, started_at, ended_at, outcome, error: Some(AttemptError::from(error)), retry_after }
}
