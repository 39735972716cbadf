//! Dispatches for workers: beginning, finding, freeing.

use jiff::Timestamp;

use super::{MemoryStore, rows::Windows, state::State};
use crate::{
    Attempt, Dispatch, DispatchId, DispatchStatus, Integration, QueueEntry, Reach, StoreError, later,
    rules::{BeginFacts, Beginning, DAY, LaneState, LaneStates, Ledger, Policy},
    store::{Abandoned, AttemptReport, Begun, Held, Settled, StartedAttempt, WorkStore},
};

#[async_trait::async_trait]
impl WorkStore for MemoryStore {
    async fn begin(
        &self,
        dispatches: &[DispatchId],
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Begun>, StoreError> {
        let mut state = self.state();
        Ok(dispatches.iter().map(|id| state.begin(*id, policy, now).unwrap_or(Begun::Nothing)).collect())
    }

    async fn settle(&self, reports: &[AttemptReport], policy: &Policy) -> Result<Vec<Settled>, StoreError> {
        let mut state = self.state();
        Ok(reports.iter().map(|report| state.settle(report, policy).unwrap_or(Settled::Late)).collect())
    }

    async fn interrupt(
        &self,
        which: Abandoned,
        policy: &Policy,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let mut state = self.state();
        let abandoned = |dispatch: &&Dispatch| match which {
            Abandoned::All => true,
            Abandoned::LeaseEnded => dispatch.state.lease_until.is_none_or(|until| until <= now),
        };
        let open: Vec<_> = state.dispatches.open().filter(abandoned).map(|dispatch| dispatch.id).collect();
        let closed = open.into_iter().filter_map(|id| state.interrupt(id, policy, now));
        Ok(closed.take(size(limit)).collect())
    }

    async fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let state = self.state();
        let due = state.dispatches.due(after).take_while(|(due, _)| *due <= until).take(size(limit));
        Ok(due.filter_map(|(_, id)| state.entry(id)).collect())
    }

    async fn release(&self, which: Held, now: Timestamp, limit: u32) -> Result<Vec<QueueEntry>, StoreError> {
        let mut state = self.state();
        let free = |dispatch: &&Dispatch| match which {
            Held::ByIntegration => state.is_active(dispatch.integration),
            Held::ByDailyLimit => dispatch.state.due_at > Some(now),
        };
        let free: Vec<_> = state.dispatches.held(which).filter(free).take(size(limit)).cloned().collect();
        for dispatch in &free {
            if let Some(released) = dispatch.state.released(now) {
                state.dispatches.set_state(dispatch.id, released);
            }
        }
        Ok(free.iter().filter_map(|dispatch| state.entry(dispatch.id)).collect())
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        state.seen.retain(|_, seen| seen.expires_at > now);
        state.windows.retain(|_, windows| {
            windows.retain(|_, opened| later(*opened, DAY) > now);
            !windows.is_empty()
        });
        let busy = |lane: &LaneState| lane.parked(now).is_some() || lane.steady_at.is_some_and(|steady| steady > now);
        state.lanes.retain(|_, (_, lane)| busy(lane));
        Ok(())
    }
}

impl State {
    /// None if it is not there.
    pub(super) fn begin(&mut self, id: DispatchId, policy: &Policy, now: Timestamp) -> Option<Begun> {
        let dispatch = self.dispatches.table().get(id)?.dispatch.clone();
        let integration = self.integration(dispatch.integration).cloned();
        let beginning = policy.begin(BeginFacts {
            now,
            state: &dispatch.state,
            integration: integration.as_ref(),
            lanes: integration.as_ref().map(|integration| self.lanes(integration)).unwrap_or_default(),
            ledger: self.ledger(&dispatch, policy),
        });
        let (state, opens_window, lanes) = match beginning {
            Beginning::NotNow(until) => return until.map(Begun::Waiting),
            Beginning::Write { state, opens_window, lanes } => (*state, opens_window, lanes),
        };
        if opens_window {
            let windows = self.windows.entry(dispatch.organization).or_default();
            windows.insert(last(windows) + 1, now);
        }
        if let (Some(lanes), Some(integration)) = (lanes, &integration) {
            self.write_lanes(integration, lanes);
        }
        let (starts, due) = (state.status == DispatchStatus::Delivering, state.due_at);
        self.dispatches.set_state(id, state);
        if starts { self.start(id, integration?, now) } else { due.map(Begun::Waiting) }
    }

    /// Opens the log for an attempt that starts.
    fn start(&mut self, id: DispatchId, integration: Integration, now: Timestamp) -> Option<Begun> {
        let row = self.dispatches.row_mut(id)?;
        let number = row.dispatch.state.attempt_count;
        row.attempts.push(Attempt {
            number,
            started_at: now,
            ended_at: None,
            outcome: None,
            error: None,
            retry_after: None,
            remote_id: None,
        });
        let event = self.events.get(&row.dispatch.event)?.clone().into();
        let (generation, integration) = (row.dispatch.state.generation, integration.into());
        Some(Begun::Started(Box::new(StartedAttempt { dispatch: id, generation, number, event, integration })))
    }

    fn ledger(&self, dispatch: &Dispatch, policy: &Policy) -> Ledger {
        let ahead = self.dispatches.limited_before(dispatch, policy.daily_limit);
        let windows = self.windows.get(&dispatch.organization);
        let opened_at = windows.and_then(|windows| windows.get(&policy.gate(last(windows), ahead)).copied());
        Ledger { ahead, opened_at }
    }

    fn write_lanes(&mut self, integration: &Integration, lanes: LaneStates) {
        *self.lane_mut(integration, Reach::Destination) = lanes.destination;
        *self.lane_mut(integration, Reach::Credential) = lanes.credential;
    }
}

/// The number of the newest window.
fn last(windows: &Windows) -> u64 {
    windows.keys().next_back().copied().unwrap_or_default()
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
