//! How long a service can make its lanes wait.

use std::time::Duration;

use integrations_core::{
    Clock, DeliveryError, DispatchState, FailureKind, Integration, OrganizationId, later,
    rules::{BeginFacts, Beginning, LaneStates, Ledger, Policy, SettleFacts},
};
use integrations_testkit::{builders::Samples, clock::ManualClock};
use jiff::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Until when the lane waits after an answer that asks for so long.
fn parked(kind: FailureKind, asked: Duration, now: Timestamp) -> Timestamp {
    let integration: Integration = Samples::default().integration(OrganizationId::from_bytes([1; 16]));
    let policy = Policy { daily_limit: 0, ..Policy::default() };
    let (integration, state) = (Some(&integration), DispatchState::accepted(now));
    let facts = BeginFacts { now, state: &state, integration, lanes: LaneStates::default(), ledger: Ledger::default() };
    let Beginning::Write { state, .. } = policy.begin(facts) else { panic!("it does not begin") };
    let result = Err(DeliveryError::new(kind, "later").with_retry_after(Some(asked)));
    let facts =
        SettleFacts { now, state: &state, result: &result, jitter: Duration::ZERO, deleted: None, outdated: false };
    policy.settle(facts).unwrap().park.unwrap().until
}

#[test]
fn a_service_that_asks_for_years_is_asked_again_after_a_day() {
    let now = ManualClock::new().now();
    for kind in [FailureKind::Throttled, FailureKind::Unavailable] {
        for (asked, waits) in [(1, 1), (86_400, 86_400), (86_401, 86_400), (1_764_000_000, 86_400), (u64::MAX, 86_400)]
        {
            let until = later(now, Duration::from_secs(waits));
            assert_eq!(parked(kind, Duration::from_secs(asked), now), until, "{kind:?} {asked}");
        }
    }
    assert_eq!(parked(FailureKind::Throttled, DAY * 2, now), later(now, DAY));
}
