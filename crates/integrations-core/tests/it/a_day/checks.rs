//! What must be true after a simulated day.

use std::{collections::BTreeMap, time::Duration};

use integrations_core::{
    Attempt, AttemptOutcome, Dispatch, DispatchStatus, FailReason, IntegrationId, OrganizationId, Reason, elapsed,
    later, rules::DAY,
};
use integrations_testkit::simulation::Simulation;
use jiff::Timestamp;

use super::{
    DAILY_LIMIT, WINDOW,
    services::{Manner, Seen},
};

/// A day that is over.
pub(super) struct Day<'a> {
    pub(super) platform: &'a Simulation,
    pub(super) seen: &'a Seen,
    pub(super) manners: &'a BTreeMap<IntegrationId, Manner>,
    /// How much later than without faults something may be done, or be known.
    pub(super) slack: Duration,
}

/// A dispatch with its log.
pub(super) type Life = (Dispatch, Vec<Attempt>);

impl Day<'_> {
    /// What holds for every organization. Gives all its dispatches in the order of arrival.
    pub(super) async fn check(&self, organization: OrganizationId) -> Vec<Life> {
        let mut lives = Vec::new();
        for dispatch in self.platform.dispatches(organization).await {
            let attempts = self.platform.attempts(&dispatch).await;
            self.check_life(&dispatch, &attempts);
            lives.push((dispatch, attempts));
        }
        lives.reverse();
        check_quota(&lives);
        self.check_waits(&lives);
        lives
    }

    /// It ends, for the reason that its log gives, and its log tells what the service saw.
    fn check_life(&self, dispatch: &Dispatch, log: &[Attempt]) {
        let (id, state) = (dispatch.id, &dispatch.state);
        let outcomes: Vec<_> = log.iter().map(|attempt| attempt.outcome.expect("an open attempt")).collect();
        let last = outcomes.last().copied();
        let lost = outcomes.iter().filter(|outcome| **outcome == AttemptOutcome::Unconfirmed).count();
        let fitting = match state.reason {
            None => state.status == DispatchStatus::Delivered && last == Some(AttemptOutcome::Delivered),
            Some(Reason::Fail(FailReason::Rejected)) => last == Some(AttemptOutcome::Rejected),
            Some(Reason::Fail(FailReason::Unconfirmed)) => lost == 2,
            Some(Reason::Fail(FailReason::RetryWindowExceeded)) => {
                last.is_some_and(|last| last != AttemptOutcome::Delivered)
            }
            Some(Reason::Fail(FailReason::HeldTooLong)) => state.delivered_at.is_none(),
            _ => false,
        };
        assert!(fitting, "{id} is {state:?} after {outcomes:?}");
        assert_eq!(log.len(), state.attempt_count as usize, "{id}");
        self.check_log(dispatch, log);
        if let [first, .., last] = log {
            assert!(Some(last.started_at) <= state.window_ends_at, "{id}: an attempt after its window");
            let waits = self.manners[&dispatch.integration].asks_to_wait();
            assert!(waits || last.started_at <= later(first.started_at, WINDOW), "{id}: a window that grew");
        }
    }

    /// Each call that the service saw is in the log with its result, or as interrupted; what it did not see was
    /// interrupted. So only an attempt whose end was lost can be the cause of a repeat.
    fn check_log(&self, dispatch: &Dispatch, log: &[Attempt]) {
        let none = Vec::new();
        let mut seen = self.seen.attempts.get(&dispatch.id.to_string()).unwrap_or(&none).iter().peekable();
        for attempt in log {
            let interrupted = attempt.outcome == Some(AttemptOutcome::Interrupted);
            match seen.next_if(|(at, _)| *at == attempt.started_at) {
                Some((_, kind)) => {
                    let told = kind.map_or(AttemptOutcome::Delivered, AttemptOutcome::from);
                    assert!(interrupted || attempt.outcome == Some(told), "{}: {told:?} is {attempt:?}", dispatch.id);
                }
                None => assert!(interrupted, "{}: a call that nobody saw: {attempt:?}", dispatch.id),
            }
        }
        assert_eq!(seen.next(), None, "{}: a call that is not in the log", dispatch.id);
        let delivered = log.iter().filter(|attempt| attempt.outcome == Some(AttemptOutcome::Delivered)).count();
        assert!(delivered <= 1, "{} was delivered {delivered} times", dispatch.id);
    }

    /// Nothing goes to a destination before the time for which it asked, as soon as that is known.
    fn check_waits(&self, lives: &[Life]) {
        let mut boxes: BTreeMap<IntegrationId, Vec<&Attempt>> = BTreeMap::new();
        for (dispatch, log) in lives {
            boxes.entry(dispatch.integration).or_default().extend(log);
        }
        for attempts in boxes.values_mut() {
            let known_at = |attempt: &Attempt| later(attempt.ended_at.unwrap(), self.slack);
            let mut asking: Vec<_> = attempts.iter().copied().filter(|attempt| attempt.retry_after.is_some()).collect();
            asking.sort_unstable_by_key(|attempt| known_at(attempt));
            attempts.sort_unstable_by_key(|attempt| attempt.started_at);
            let (mut asking, mut until) = (asking.into_iter().peekable(), Timestamp::MIN);
            for attempt in attempts {
                while let Some(asked) = asking.next_if(|asked| known_at(asked) < attempt.started_at) {
                    until = until.max(later(asked.ended_at.unwrap(), asked.retry_after.unwrap()));
                }
                assert!(attempt.started_at >= until, "{attempt:?} came before {until}");
            }
        }
    }

    /// Where all services are good, each one starts as soon as it is there, or as soon as the daily limit lets it,
    /// whatever goes on elsewhere.
    pub(super) fn check_promptness(&self, lives: &[Life]) {
        let limit = DAILY_LIMIT as usize;
        let started: Vec<_> =
            lives.iter().filter_map(|(dispatch, log)| Some((dispatch, log.first()?.started_at))).collect();
        for (place, (dispatch, start)) in started.iter().enumerate() {
            let gate = place.checked_sub(limit).map(|before| later(started[before].1, DAY));
            let wanted = gate.unwrap_or(Timestamp::MIN).max(dispatch.created_at);
            assert!(*start <= later(wanted, self.slack), "{} started at {start} and not at {wanted}", dispatch.id);
        }
    }
}

/// No more windows are opened in any day than the limit allows.
fn check_quota(lives: &[Life]) {
    let mut openings: Vec<_> = lives.iter().filter_map(|(_, log)| Some(log.first()?.started_at)).collect();
    openings.sort_unstable();
    for (earlier, later_one) in openings.iter().zip(openings.iter().skip(DAILY_LIMIT as usize)) {
        assert!(elapsed(*earlier, *later_one) >= DAY, "more than {DAILY_LIMIT} windows within a day");
    }
}
