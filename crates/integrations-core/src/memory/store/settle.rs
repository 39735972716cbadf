//! The ends of attempts: reported, or found open.

use jiff::Timestamp;

use super::state::State;
use crate::{
    AttemptError, AttemptOutcome, DispatchId, Integration, QueueEntry,
    rules::{IntegrationChange, Policy, SettleFacts},
    store::{AttemptReport, Settled},
};

impl State {
    /// None if the report comes too late.
    pub(super) fn settle(&mut self, report: &AttemptReport, policy: &Policy) -> Option<Settled> {
        let row = self.dispatches.table().get(report.dispatch)?;
        let dispatch = &row.dispatch;
        if dispatch.state.generation != report.generation {
            return None;
        }
        let integration = dispatch.integration;
        let settlement = policy.settle(SettleFacts {
            now: report.ended_at,
            state: &dispatch.state,
            result: &report.result,
            jitter: report.jitter,
            deleted: self.deleted(dispatch),
            outdated: self.integration(integration).is_none_or(|now| now.revision != report.revision),
        })?;
        self.close(report);
        if let (Some(park), Some(row)) = (settlement.park, self.integrations.get(integration)) {
            let integration = row.integration.clone();
            self.lane_mut(&integration, park.reach).park(park.until);
        }
        if let (Some(change), Some(row)) = (settlement.integration, self.integrations.get_mut(integration)) {
            apply(&mut row.integration, change, report.ended_at);
        }
        let due = settlement.state.due_at;
        self.dispatches.set_state(report.dispatch, settlement.state);
        Some(due.map_or(Settled::Ended, Settled::Waiting))
    }

    /// Closes an abandoned attempt; none if its dispatch is not due again.
    pub(super) fn interrupt(&mut self, id: DispatchId, policy: &Policy, now: Timestamp) -> Option<QueueEntry> {
        let dispatch = &self.dispatches.table().get(id)?.dispatch;
        let interrupted = policy.interrupted(&dispatch.state, self.deleted(dispatch), now)?;
        if let Some(attempt) = self.dispatches.row_mut(id)?.attempts.last_mut() {
            attempt.ended_at = Some(now);
            attempt.outcome = Some(AttemptOutcome::Interrupted);
            attempt.error = interrupted.last_error.clone();
        }
        self.dispatches.set_state(id, interrupted);
        self.entry(id)
    }

    fn close(&mut self, report: &AttemptReport) {
        let row = self.dispatches.row_mut(report.dispatch);
        let Some(attempt) = row.and_then(|row| row.attempts.last_mut()) else { return };
        attempt.ended_at = Some(report.ended_at);
        match &report.result {
            Ok(receipt) => {
                attempt.outcome = Some(AttemptOutcome::Delivered);
                attempt.remote_id.clone_from(&receipt.remote_id);
            }
            Err(error) => {
                attempt.outcome = Some(error.kind.into());
                attempt.error = Some(AttemptError::from(error));
                attempt.retry_after = error.retry_after;
            }
        }
    }
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
