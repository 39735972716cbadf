//! An attempt has ended: what follows for its dispatch, its integration and its lanes?

use std::time::Duration;

use jiff::Timestamp;

use super::{Policy, begin::off};
use crate::{
    AttemptError, AttemptOutcome, CancelReason, Connection, DeliveryError, DispatchState, DispatchStatus, FailReason,
    FailureKind, HoldReason, IntegrationStatus, Reach, Receipt, Step, later,
};

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The dispatch as it will stand.
    pub state: DispatchState,
    /// What changes about its integration.
    pub integration: Option<IntegrationChange>,
    /// The lane that must wait.
    pub park: Option<Park>,
}

/// What an attempt's answer changes about an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntegrationChange {
    /// It is not used any more until a person sets it active again.
    Stop {
        /// Paused or disabled.
        status: IntegrationStatus,
        /// Why, in words.
        reason: String,
    },
    /// Its destination moved.
    Move(Box<Connection>),
}

/// The longest wait that a service can cause: who asks for more may have sent a time instead of a span, and nobody could
/// lift it.
const LONGEST_PARK: Duration = Duration::from_secs(24 * 3_600);

/// A lane must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Park {
    /// Which one.
    pub reach: Reach,
    /// Until when.
    pub until: Timestamp,
}

impl Park {
    fn new(error: &DeliveryError, wait: Duration, now: Timestamp) -> Self {
        Self { reach: error.reach, until: later(now, wait.min(LONGEST_PARK)) }
    }
}

/// What the rule needs to know.
#[derive(Debug, Clone, Copy)]
pub struct SettleFacts<'a> {
    /// The time.
    pub now: Timestamp,
    /// The dispatch as it stands.
    pub state: &'a DispatchState,
    /// How the attempt ended.
    pub result: &'a Result<Receipt, DeliveryError>,
    /// A number drawn with [`super::RetryPolicy::draw`].
    pub jitter: Duration,
    /// Whether nobody waits for it any more.
    pub deleted: Option<CancelReason>,
    /// Whether its integration has changed since the attempt began, so that the answer may be about old settings.
    pub outdated: bool,
}

impl Policy {
    /// What follows from the end of an attempt; `None` if no attempt is open.
    #[must_use]
    pub fn settle(&self, facts: SettleFacts<'_>) -> Option<Settlement> {
        let SettleFacts { state, result, .. } = facts;
        if !state.status.permits(Step::Settle) {
            return None;
        }
        let mut next = state.clone();
        next.status = DispatchStatus::RetryScheduled;
        let mut settlement = Settlement { state: next, integration: None, park: None };
        match result {
            Ok(_) => settlement.state.deliver(facts.now),
            Err(error) => {
                settlement.state.last_error = Some(AttemptError::from(error));
                self.settle_failure(&mut settlement, error, facts);
                settlement.state.last_outcome = Some(error.kind.into());
                if let Some(reason) = facts.deleted.filter(|_| settlement.state.status.is_waiting()) {
                    settlement.state.cancel(reason);
                }
            }
        }
        Some(settlement)
    }

    fn settle_failure(&self, to: &mut Settlement, error: &DeliveryError, facts: SettleFacts<'_>) {
        let SettleFacts { jitter, now, .. } = facts;
        let next = &mut to.state;
        match error.kind {
            // The answer was about settings that are not in use any more: the new ones get their chance.
            FailureKind::Misconfigured | FailureKind::Moved | FailureKind::Unauthorized | FailureKind::Gone
                if facts.outdated =>
            {
                self.back_off(next, Duration::ZERO, jitter, now);
            }
            FailureKind::Rejected => next.fail(FailReason::Rejected),
            FailureKind::Misconfigured => next.fail(FailReason::InvalidConfig),
            FailureKind::Unavailable | FailureKind::Timeout => {
                to.park = error.retry_after.map(|wait| Park::new(error, wait, now));
                self.back_off(next, error.retry_after.unwrap_or_default(), jitter, now);
            }
            FailureKind::Unconfirmed if next.lost_answers > 0 => next.fail(FailReason::Unconfirmed),
            FailureKind::Unconfirmed => {
                next.lost_answers += 1;
                self.back_off(next, self.unconfirmed_wait, jitter, now);
            }
            FailureKind::Throttled => to.park = Some(self.throttle(next, error, jitter, now)),
            FailureKind::Moved => self.move_on(to, error, jitter, now),
            FailureKind::Unauthorized => self.stop(to, IntegrationStatus::Disabled, error, now),
            FailureKind::Gone => self.stop(to, IntegrationStatus::Paused, error, now),
        }
    }

    /// Tries again after the delay that the formula gives, and not before `at_least`.
    pub(super) fn back_off(&self, next: &mut DispatchState, at_least: Duration, jitter: Duration, now: Timestamp) {
        next.step += 1;
        again(next, later(now, self.retry.delay(next.step, jitter).max(at_least)));
    }

    /// The service said how long to wait: that is a hold, and costs nothing.
    fn throttle(&self, next: &mut DispatchState, error: &DeliveryError, jitter: Duration, now: Timestamp) -> Park {
        let backoff = self.retry.delay(next.step, jitter);
        let park = Park::new(error, error.retry_after.unwrap_or(backoff), now);
        self.hold(next, HoldReason::Throttled, later(now, backoff).max(park.until), now);
        park
    }

    /// Sends again at once, but not for ever from one place to the next.
    fn move_on(&self, to: &mut Settlement, error: &DeliveryError, jitter: Duration, now: Timestamp) {
        to.integration = error.moved_to.clone().map(IntegrationChange::Move);
        if to.state.last_outcome == Some(AttemptOutcome::Moved) {
            self.back_off(&mut to.state, Duration::ZERO, jitter, now);
        } else {
            again(&mut to.state, now);
        }
    }

    /// Stops the integration and waits with it.
    fn stop(&self, to: &mut Settlement, status: IntegrationStatus, error: &DeliveryError, now: Timestamp) {
        to.integration = Some(IntegrationChange::Stop { status, reason: error.message.clone() });
        if let Some(hold) = off(status) {
            self.hold(&mut to.state, hold, Timestamp::MAX, now);
        }
    }
}

/// Waits for the next attempt of the window, or fails if that would come after its end.
fn again(next: &mut DispatchState, due: Timestamp) {
    if next.window_ends_at.is_some_and(|end| due > end) {
        next.fail(FailReason::RetryWindowExceeded);
    } else {
        next.wait(due);
    }
}
