//! May this dispatch start an attempt now?

use std::time::Duration;

use jiff::Timestamp;

use super::{LaneState, Ledger, Policy};
use crate::{
    CancelReason, DispatchState, DispatchStatus, FailReason, HoldReason, Integration, IntegrationStatus, Lanes, Rate,
    Reason, Step, elapsed, later,
};

/// What the rule needs to know.
#[derive(Debug, Clone, Copy)]
pub struct BeginFacts<'a> {
    /// The time.
    pub now: Timestamp,
    /// The dispatch as it stands.
    pub state: &'a DispatchState,
    /// Its integration; none if that was deleted.
    pub integration: Option<&'a Integration>,
    /// The lanes it goes through.
    pub lanes: LaneStates,
    /// The organization's ledger, looked up for this dispatch. Not read when there is no daily limit.
    pub ledger: Ledger,
}

/// The lanes that a dispatch goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneStates {
    /// Its destination's.
    pub destination: LaneState,
    /// Its credential's.
    pub credential: LaneState,
    /// Its provider's.
    pub provider: LaneState,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// It is not this dispatch's time: nothing is written. Look again then, if a time is given.
    NotNow(Option<Timestamp>),
    /// Everything that changes.
    Write {
        /// The dispatch as it will stand: `delivering` if it starts, waiting or ended if not.
        state: Box<DispatchState>,
        /// Whether a window opens now that counts for the daily limit: the next line of the ledger.
        opens_window: bool,
        /// The lanes, where the destination's and the credential's rates were counted.
        lanes: Option<LaneStates>,
    },
}

impl Policy {
    /// Decides whether a dispatch starts an attempt, and what follows for it.
    ///
    /// In this order: it must be waiting and due; its integration must exist; it must not have been held for too long;
    /// its integration must be active; its window must not have ended; its lanes must not be parked; a new window
    /// must fit the daily limit; and its turn must have come.
    #[must_use]
    pub fn begin(&self, facts: BeginFacts<'_>) -> Beginning {
        let BeginFacts { now, state, .. } = facts;
        if !state.status.permits(Step::Begin) {
            return Beginning::NotNow(None);
        }
        if let Some(due) = state.due_at.filter(|due| *due > now) {
            return Beginning::NotNow(Some(due));
        }
        let mut next = state.clone();
        let Some(integration) = facts.integration else {
            next.cancel(CancelReason::IntegrationDeleted);
            return write(next);
        };
        if state.held_since.is_some() && self.hold_left(state, now).is_zero() {
            next.fail(FailReason::HeldTooLong);
            return write(next);
        }
        if let Some(hold) = off(integration.status) {
            let until = self.hold_end(state, now);
            self.hold(&mut next, hold, until, now);
            return write(next);
        }
        let window_ends_at = state.window_ends_at.map(|end| later(end, held(state, now)));
        if window_ends_at.is_some_and(|end| end < now) {
            next.fail(FailReason::RetryWindowExceeded);
            return write(next);
        }
        if let Some(until) = facts.lanes.parked(now) {
            self.hold(&mut next, HoldReason::Throttled, until, now);
            return write(next);
        }
        self.take_turn(next, window_ends_at, integration, facts)
    }

    /// Nothing stands in the way but the limits that are counted.
    fn take_turn(
        &self,
        mut next: DispatchState,
        window_ends_at: Option<Timestamp>,
        integration: &Integration,
        facts: BeginFacts<'_>,
    ) -> Beginning {
        let now = facts.now;
        let opens_window = window_ends_at.is_none() && self.daily_limit > 0;
        if let Some(until) = self.limited(facts.ledger, now).filter(|_| opens_window) {
            self.hold(&mut next, HoldReason::DailyLimit, until, now);
            return write(next);
        }
        let mut lanes = facts.lanes;
        let counted = self.count(&mut lanes, integration, facts.state, now);
        if let Some(turn) = counted.filter(|turn| *turn > now) {
            // The turn is reserved; the window opens only when it comes.
            self.hold(&mut next, HoldReason::Pacing, turn, now);
            return Beginning::Write { state: Box::new(next), opens_window: false, lanes: Some(lanes) };
        }
        self.start(&mut next, window_ends_at, now);
        Beginning::Write { state: Box::new(next), opens_window, lanes: counted.map(|_| lanes) }
    }

    /// Counts one message on the lanes that have a rate and says when its turn is; none if there is nothing to count
    /// or its turn was reserved before.
    ///
    /// The destination is taken for that time. The credential is taken as early as it is free, since one destination
    /// with a long queue must not keep the others of the same account waiting.
    fn count(
        &self,
        lanes: &mut LaneStates,
        integration: &Integration,
        state: &DispatchState,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if state.is_held_for(HoldReason::Pacing) || self.unpaced.contains(&integration.provider) {
            return None;
        }
        let Lanes { destination, credential, .. } = &integration.connection.lanes;
        let free = |lane: LaneState, rate: Option<Rate>| rate.map(|rate| lane.earliest(rate, now));
        let turn = free(lanes.destination, destination.rate).max(free(lanes.credential, credential.rate))?;
        if let Some(rate) = destination.rate {
            lanes.destination.take(rate, turn);
        }
        if let Some(rate) = credential.rate {
            lanes.credential.take(rate, now);
        }
        Some(turn)
    }

    fn start(&self, next: &mut DispatchState, window_ends_at: Option<Timestamp>, now: Timestamp) {
        next.held_before = next.held_before.saturating_add(held(next, now));
        next.held_since = None;
        next.window_ends_at = Some(window_ends_at.unwrap_or_else(|| later(now, self.retry.window)));
        next.status = DispatchStatus::Delivering;
        next.reason = None;
        next.due_at = None;
        next.lease_until = Some(later(now, self.lease));
        next.generation += 1;
        next.attempt_count += 1;
    }

    /// Holds it until then, or until it has been held for too long.
    pub(super) fn hold(&self, next: &mut DispatchState, reason: HoldReason, until: Timestamp, now: Timestamp) {
        let end = self.hold_end(next, now);
        next.reason = Some(Reason::Hold(reason));
        next.held_since = next.held_since.or(Some(now));
        next.lease_until = None;
        next.due_at = Some(until.min(end));
    }

    fn hold_end(&self, state: &DispatchState, now: Timestamp) -> Timestamp {
        later(now, self.hold_left(state, now))
    }

    /// How much longer it may be held.
    fn hold_left(&self, state: &DispatchState, now: Timestamp) -> Duration {
        self.max_hold.saturating_sub(state.held_before.saturating_add(held(state, now)))
    }
}

/// How long the present hold has lasted.
fn held(state: &DispatchState, now: Timestamp) -> Duration {
    state.held_since.map_or(Duration::ZERO, |since| elapsed(since, now))
}

fn write(state: DispatchState) -> Beginning {
    Beginning::Write { state: Box::new(state), opens_window: false, lanes: None }
}

/// The hold that an integration which is not in use causes.
pub(super) fn off(status: IntegrationStatus) -> Option<HoldReason> {
    match status {
        IntegrationStatus::Active => None,
        IntegrationStatus::Paused => Some(HoldReason::IntegrationPaused),
        IntegrationStatus::Disabled => Some(HoldReason::IntegrationDisabled),
    }
}

impl LaneStates {
    /// Until when the service wants nothing, if it does.
    fn parked(&self, now: Timestamp) -> Option<Timestamp> {
        [self.destination, self.credential, self.provider].iter().filter_map(|lane| lane.parked(now)).max()
    }
}
