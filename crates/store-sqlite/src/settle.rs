//! Ending attempts, for many calls at once.

use std::collections::HashMap;

use integrations_core::{
    AttemptError, AttemptOutcome, DispatchId, Integration,
    rules::{IntegrationChange, Policy, SettleFacts, Settlement},
    store::{AttemptReport, Settled},
};
use jiff::Timestamp;

use crate::{
    attempts::{self, Ended},
    integrations,
    lanes::LaneTable,
    session::{Bulk, Session},
    states::{Changes, Facts, select_facts},
};

/// A call of [`integrations_core::store::WorkStore::settle`].
pub(crate) struct Settle {
    pub(crate) reports: Vec<AttemptReport>,
    pub(crate) policy: Policy,
}

pub(crate) const FACTS: Bulk<1> =
    Bulk(select_facts!(from "({rows}) CROSS JOIN dispatches d ON d.id = column1" where "TRUE"));

/// Settles the reports of all calls; gives the answers to each.
pub(crate) async fn run(session: &mut Session<'_>, calls: &[&Settle]) -> sqlx::Result<Vec<Vec<Settled>>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let mut settling = Settling::read(session, calls).await?;
    let answers: Vec<_> = calls.iter().map(|call| settling.settle_all(call)).collect();
    settling.store(session).await?;
    Ok(answers)
}

/// All that is known, and how it changes as one attempt after the other ends.
struct Settling {
    dispatches: HashMap<DispatchId, Facts>,
    /// Those that may change or whose lanes may have to wait.
    integrations: HashMap<i64, Stored>,
    lanes: LaneTable,
    changes: Changes,
    ended: Vec<Ended>,
}

/// An integration as it stands.
struct Stored {
    integration: Integration,
    deleted: bool,
    changed: bool,
}

impl Settling {
    async fn read(session: &mut Session<'_>, calls: &[&Settle]) -> sqlx::Result<Self> {
        let reports = || calls.iter().flat_map(|call| &call.reports);
        let mut ids: Vec<_> = reports().map(|report| report.dispatch).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = session.read(FACTS, ids.into_iter().map(|id| [id.into()])).await?;
        let mut dispatches = HashMap::with_capacity(rows.len());
        for row in &rows {
            match Facts::read(row) {
                Ok(facts) => drop(dispatches.insert(facts.id, facts)),
                Err(error) => tracing::error!(%error, "the end of an attempt cannot be stored; its lease will end"),
            }
        }
        // Most attempts succeed, and then nobody needs the integration itself.
        let failed = reports().filter(|report| report.result.is_err());
        let mut wanted: Vec<_> = failed
            .filter_map(|report| dispatches.get(&report.dispatch))
            .map(|facts: &Facts| facts.integration)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let integrations = integrations::all(session, wanted).await?;
        let integrations: HashMap<_, _> = integrations
            .into_iter()
            .map(|(sequence, (integration, deleted))| (sequence, Stored { integration, deleted, changed: false }))
            .collect();
        let lanes = match integrations.is_empty() {
            true => LaneTable::default(),
            false => LaneTable::read(session, affected(&integrations, reports()).iter()).await?,
        };
        Ok(Self { dispatches, integrations, lanes, changes: Changes::default(), ended: Vec::new() })
    }

    fn settle_all(&mut self, call: &Settle) -> Vec<Settled> {
        call.reports.iter().map(|report| self.settle(report, &call.policy).unwrap_or(Settled::Late)).collect()
    }

    /// None if the report comes too late.
    fn settle(&mut self, report: &AttemptReport, policy: &Policy) -> Option<Settled> {
        let facts = self.dispatches.get_mut(&report.dispatch)?;
        if facts.state.generation != report.generation {
            return None;
        }
        let stored = self.integrations.get_mut(&facts.integration);
        let revision = stored.as_ref().map_or(facts.revision, |stored| stored.integration.revision);
        let settlement = policy.settle(SettleFacts {
            now: report.ended_at,
            state: &facts.state,
            result: &report.result,
            jitter: report.jitter,
            deleted: facts.deleted(),
            outdated: facts.integration_deleted || revision != report.revision,
        })?;
        let Settlement { state, integration: change, park } = settlement;
        if let Some(stored) = stored {
            if let Some(park) = park {
                self.lanes.change(&stored.integration, facts.organization, park.reach).park(park.until);
            }
            if let Some(change) = change.filter(|_| !stored.deleted) {
                stored.apply(change, report.ended_at);
            }
        }
        self.ended.push(ended(facts, report));
        let due = state.due_at;
        let before = std::mem::replace(&mut facts.state, state.clone());
        self.changes.add(facts.sequence, facts.organization, before, state, None);
        Some(due.map_or(Settled::Ended, Settled::Waiting))
    }

    async fn store(self, session: &mut Session<'_>) -> sqlx::Result<()> {
        self.changes.store(session);
        attempts::store(session, self.ended);
        self.lanes.store(session);
        for (sequence, stored) in self.integrations.iter().filter(|(_, stored)| stored.changed) {
            integrations::overwrite(session.connection().await?, *sequence, &stored.integration).await?;
        }
        Ok(())
    }
}

/// The integrations as they are, and as they will be where their destination has moved.
fn affected<'r>(
    integrations: &HashMap<i64, Stored>,
    reports: impl Iterator<Item = &'r AttemptReport>,
) -> Vec<Integration> {
    let moves: Vec<_> = reports.filter_map(|report| report.result.as_ref().err()?.moved_to.as_deref()).collect();
    let stored = || integrations.values().map(|stored| &stored.integration);
    let moved = stored().flat_map(|integration| {
        moves.iter().map(|connection| Integration { connection: (*connection).clone(), ..integration.clone() })
    });
    stored().cloned().chain(moved).collect()
}

impl Stored {
    fn apply(&mut self, change: IntegrationChange, now: Timestamp) {
        let integration = &mut self.integration;
        match change {
            IntegrationChange::Stop { status, reason } => {
                integration.status = status;
                integration.status_reason = Some(reason);
            }
            IntegrationChange::Move(connection) => integration.connection = *connection,
        }
        integration.revision += 1;
        integration.updated_at = now;
        self.changed = true;
    }
}

/// The line of the log for an attempt that has just ended.
fn ended(facts: &Facts, report: &AttemptReport) -> Ended {
    let (outcome, error, retry_after, remote_id) = match &report.result {
        Ok(receipt) => (AttemptOutcome::Delivered, None, None, receipt.remote_id.clone()),
        Err(error) => (error.kind.into(), Some(AttemptError::from(error)), error.retry_after, None),
    };
    Ended {
        dispatch: facts.sequence,
        number: facts.state.attempt_count,
        started_at: facts.started_at.unwrap_or(report.ended_at),
        ended_at: report.ended_at,
        outcome,
        error,
        retry_after,
        remote_id,
    }
}
