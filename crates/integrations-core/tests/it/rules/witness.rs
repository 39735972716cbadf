//! Watches the life of one dispatch, keeps its own account of it, and objects when a promise is broken.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    CancelReason, Clock, DeliveryError, DispatchState, DispatchStatus, FailReason, FailureKind, HoldReason,
    Integration, IntegrationStatus, OrganizationId, Reason, Receipt, Step, TRANSITIONS, elapsed, later,
    rules::{LaneStates, Policy, RetryPolicy},
};
use integrations_testkit::{builders::Samples, clock::ManualClock};
use jiff::Timestamp;

/// A dispatch with its surroundings, and what was promised to it.
pub(super) struct Witness {
    pub(super) policy: Policy,
    pub(super) clock: ManualClock,
    pub(super) integration: Integration,
    pub(super) deleted: Option<CancelReason>,
    /// The revision that the open attempt uses.
    pub(super) used_revision: u64,
    pub(super) lanes: LaneStates,
    pub(super) state: DispatchState,
    /// The end of the present window, were it not held any more from now on.
    window_ends_at: Option<Timestamp>,
    held_since: Option<Timestamp>,
    /// How long it was held before that, in the present window.
    held: Duration,
    /// Until when the service wanted nothing, by the longest wait that it asked for.
    asked_until: Timestamp,
    /// When the last answer was lost in this window, and how many were.
    lost_at: Option<Timestamp>,
    lost: u32,
    last_kind: Option<FailureKind>,
    /// How many attempts in a row were found open after a crash, in this window.
    interruptions: u32,
}

impl Witness {
    pub(super) fn new() -> Self {
        let clock = ManualClock::new();
        let seconds = Duration::from_secs;
        let retry = RetryPolicy { window: seconds(5_000), max: seconds(600), ..RetryPolicy::default() };
        let policy = Policy { retry, max_hold: seconds(20_000), unpaced: Arc::default(), ..Policy::default() };
        Self {
            policy,
            integration: Samples::default().integration(OrganizationId::from_bytes([1; 16])),
            deleted: None,
            used_revision: 0,
            lanes: LaneStates::default(),
            state: DispatchState::accepted(clock.now()),
            window_ends_at: None,
            held_since: None,
            held: Duration::ZERO,
            asked_until: clock.now(),
            lost_at: None,
            lost: 0,
            last_kind: None,
            interruptions: 0,
            clock,
        }
    }

    pub(super) fn is_held_for(&self, hold: HoldReason) -> bool {
        self.state.reason == Some(Reason::Hold(hold))
    }

    /// Takes note of what the service said.
    pub(super) fn hear(&mut self, result: &Result<Receipt, DeliveryError>) {
        let now = self.clock.now();
        self.interruptions = 0;
        self.last_kind = result.as_ref().err().map(|error| error.kind);
        let asked = result.as_ref().err().and_then(|error| error.retry_after).unwrap_or_default();
        self.asked_until = self.asked_until.max(later(now, asked));
        if self.last_kind == Some(FailureKind::Unconfirmed) {
            self.lost += 1;
            self.lost_at = Some(now);
        }
    }

    /// Follows a step, if there is one.
    pub(super) fn see(&mut self, step: Step, next: Option<DispatchState>) {
        let Some(next) = next else { return };
        let transition = (self.state.status, step, next.status);
        assert!(TRANSITIONS.contains(&transition), "{transition:?}");
        let starts = step == Step::Begin;
        assert_eq!(next.generation, self.state.generation + u64::from(starts));
        assert_eq!(next.attempt_count, self.state.attempt_count + u32::from(starts));
        check_shape(&next);
        match step {
            Step::Begin => self.see_start(&next),
            Step::Expire => self.see_expiry(&next),
            Step::Settle => self.see_settlement(&next),
            Step::Interrupt => self.see_interruption(&next),
            Step::Replay => self.forget_window(),
            Step::Release if !self.is_held_for(HoldReason::DailyLimit) => self.forget_window(),
            _ => {}
        }
        self.follow_hold(&next);
        self.state = next;
    }

    fn see_start(&mut self, next: &DispatchState) {
        let now = self.clock.now();
        assert!(self.deleted.is_none() && self.integration.status == IntegrationStatus::Active);
        assert!(self.state.due_at.is_some_and(|due| due <= now), "started before it was due");
        assert!(self.asked_until <= now, "started before the service wanted it");
        assert!(self.lost_at.is_none_or(|lost| later(lost, Duration::from_secs(30)) <= now), "repeated too soon");
        assert!(self.held_now() < self.policy.max_hold || self.held_since.is_none(), "held for longer than allowed");
        let window_ends_at = self.window_end().unwrap_or_else(|| later(now, self.policy.retry.window));
        assert!(now <= window_ends_at, "started after its window");
        assert_eq!(next.window_ends_at, Some(window_ends_at));
        self.held = self.held_now();
        self.held_since = None;
        self.window_ends_at = Some(window_ends_at);
        self.used_revision = self.integration.revision;
    }

    fn see_expiry(&self, next: &DispatchState) {
        let now = self.clock.now();
        match next.reason {
            Some(Reason::Fail(FailReason::HeldTooLong)) => assert!(self.held_now() >= self.policy.max_hold),
            Some(Reason::Fail(FailReason::RetryWindowExceeded)) => {
                assert!(self.window_end().is_some_and(|end| end < now));
            }
            other => panic!("expired because of {other:?}"),
        }
    }

    fn see_settlement(&self, next: &DispatchState) {
        let (now, window_end) = (self.clock.now(), self.window_end().unwrap());
        if matches!(next.reason, Some(Reason::Hold(_))) {
            assert_eq!(next.step, self.state.step, "a hold counted as a failure");
        }
        if self.last_kind == Some(FailureKind::Throttled) && self.deleted.is_none() {
            assert_eq!(next.reason, Some(Reason::Hold(HoldReason::Throttled)));
        }
        if next.status == DispatchStatus::RetryScheduled && next.reason.is_none() {
            let due = next.due_at.unwrap();
            assert!(now <= due && due <= window_end, "the next attempt would be after its window");
        }
        if self.last_kind == Some(FailureKind::Unconfirmed) && self.lost > 1 {
            assert_eq!(next.reason, Some(Reason::Fail(FailReason::Unconfirmed)), "repeated more than once");
        }
        if next.reason == Some(Reason::Fail(FailReason::Unconfirmed)) {
            assert!(self.lost > 1, "given up after one lost answer");
        }
        if next.status == DispatchStatus::Delivered {
            assert_eq!(self.last_kind, None);
        }
    }

    fn see_interruption(&mut self, next: &DispatchState) {
        assert_eq!(next.step, self.state.step + 1, "a lost attempt does not count");
        self.interruptions += 1;
        let wait =
            if self.interruptions == 1 { Duration::ZERO } else { self.policy.retry.delay(next.step, Duration::ZERO) };
        let due = later(self.clock.now(), wait);
        let in_time = self.interruptions == 1 || due <= self.window_end().unwrap();
        match next.status {
            DispatchStatus::RetryScheduled => assert!(in_time && next.due_at == Some(due), "due at {:?}", next.due_at),
            DispatchStatus::Failed => {
                assert!(!in_time && next.reason == Some(Reason::Fail(FailReason::RetryWindowExceeded)));
            }
            _ => assert!(self.deleted.is_some()),
        }
    }

    /// A hold costs no window and lasts no longer than allowed.
    fn follow_hold(&mut self, next: &DispatchState) {
        if matches!(next.reason, Some(Reason::Hold(_))) {
            self.held_since = self.held_since.or_else(|| Some(self.clock.now()));
            let left = self.policy.max_hold.saturating_sub(self.held_now());
            let due = next.due_at.unwrap();
            assert!(due <= later(self.clock.now(), left), "a hold without end");
        } else if !next.status.is_waiting() {
            self.held_since = None;
        }
    }

    fn forget_window(&mut self) {
        self.window_ends_at = None;
        self.interruptions = 0;
        self.held_since = None;
        self.held = Duration::ZERO;
        self.lost_at = None;
        self.lost = 0;
    }

    /// The end of the window; the time of the present hold is given back.
    fn window_end(&self) -> Option<Timestamp> {
        let hold = self.held_since.map_or(Duration::ZERO, |since| elapsed(since, self.clock.now()));
        self.window_ends_at.map(|end| later(end, hold))
    }

    fn held_now(&self) -> Duration {
        self.held + self.held_since.map_or(Duration::ZERO, |since| elapsed(since, self.clock.now()))
    }
}

/// What a state says fits together.
fn check_shape(state: &DispatchState) {
    let (due, lease) = (state.due_at.is_some(), state.lease_until.is_some());
    match (state.status, state.reason) {
        (DispatchStatus::Pending | DispatchStatus::RetryScheduled, None) => assert!(due && !lease),
        (DispatchStatus::Pending | DispatchStatus::RetryScheduled, Some(Reason::Hold(_))) => {
            assert!(due && !lease && state.held_since.is_some());
        }
        (DispatchStatus::Delivering, None) => assert!(!due && lease && state.held_since.is_none()),
        (DispatchStatus::Delivered, None) => assert!(!due && !lease && state.delivered_at.is_some()),
        (DispatchStatus::Failed, Some(Reason::Fail(_))) | (DispatchStatus::Canceled, Some(Reason::Cancel(_))) => {
            assert!(!due && !lease && state.held_since.is_none());
        }
        other => panic!("a state that does not fit together: {other:?}"),
    }
}
