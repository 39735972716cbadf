//! Rates: never more than was said, and never slower without need.

use std::time::Duration;

use integrations_core::{
    Clock, DispatchState, HoldReason, Integration, OrganizationId, Rate, Reason, later,
    rules::{BeginFacts, Beginning, LaneStates, Ledger, Policy},
};
use integrations_testkit::{builders::Samples, clock::ManualClock};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};

prop_compose! {
    fn rates()(interval in 1..10_000_u32, burst in 1..8_u32) -> Rate {
        Rate::new(interval, burst)
    }
}

/// Gaps between arrivals: bursts, trickles and rests.
fn gaps() -> impl Strategy<Value = Vec<u64>> {
    vec(prop_oneof![Just(0), 0..2_000_u64, 0..60_000_u64], 1..80)
}

/// When each of these arrivals goes, where both the destination and the credential have a rate.
fn turns(destination: Rate, credential: Rate, gaps: &[u64]) -> Vec<(Timestamp, Timestamp)> {
    let mut integration: Integration = Samples::default().integration(OrganizationId::from_bytes([1; 16]));
    integration.connection.lanes.destination.rate = Some(destination);
    integration.connection.lanes.credential.rate = Some(credential);
    let (policy, clock) = (Policy { daily_limit: 0, ..Policy::default() }, ManualClock::new());
    let mut lanes = LaneStates::default();
    let turn = |gap: &u64| {
        clock.advance(Duration::from_millis(*gap));
        let now = clock.now();
        let state = DispatchState::accepted(now);
        let integration = Some(&integration);
        let beginning = policy.begin(BeginFacts { now, state: &state, integration, lanes, ledger: Ledger::default() });
        let Beginning::Write { state, lanes: Some(counted), .. } = beginning else { panic!("nothing was counted") };
        lanes = counted;
        match state.due_at {
            None => (now, now),
            Some(due) => {
                assert_eq!(state.reason, Some(Reason::Hold(HoldReason::Pacing)));
                (now, due)
            }
        }
    };
    gaps.iter().map(turn).collect()
}

/// Whether no stretch of time sees more than the burst and what the rate adds in that time.
fn keeps(rate: Rate, turns: &[(Timestamp, Timestamp)]) -> bool {
    let at: Vec<_> = turns.iter().map(|(_, turn)| turn.as_millisecond()).collect();
    (0..at.len()).all(|first| {
        (first..at.len()).all(|last| {
            let added = (at[last] - at[first]) / i64::from(rate.interval_millis);
            i64::try_from(last - first + 1).unwrap() <= i64::from(rate.burst) + added
        })
    })
}

proptest! {
    #[test]
    fn a_rate_is_never_exceeded(destination in rates(), credential in rates(), gaps in gaps()) {
        let turns = turns(destination, credential, &gaps);
        prop_assert!(turns.is_sorted_by_key(|(_, turn)| *turn), "not in order of arrival");
        prop_assert!(turns.iter().all(|(arrival, turn)| turn >= arrival));
        prop_assert!(keeps(destination, &turns), "the destination's rate was exceeded");
        prop_assert!(keeps(credential, &turns), "the credential's rate was exceeded");
    }

    /// A message waits only if going earlier would exceed a rate.
    #[test]
    fn nothing_waits_without_need(rate in rates(), gaps in gaps()) {
        let turns = turns(rate, rate, &gaps);
        for (at, (arrival, turn)) in turns.iter().enumerate().filter(|(_, (arrival, turn))| turn > arrival) {
            let mut earlier = turns[..=at].to_vec();
            earlier[at].1 = *turn - Duration::from_millis(1);
            prop_assert!(!keeps(rate, &earlier), "{arrival} could go before {turn}");
        }
    }

    #[test]
    fn traffic_within_the_rate_goes_at_once(rate in rates(), slack in vec(0..5_000_u64, 1..40)) {
        let gaps: Vec<_> = slack.iter().map(|more| u64::from(rate.interval_millis) + more).collect();
        prop_assert!(turns(rate, rate, &gaps).iter().all(|(arrival, turn)| arrival == turn));
    }
}

#[test]
fn a_reserved_turn_is_not_counted_again() {
    let gaps = [0; 3];
    let turns = turns(Rate::new(1_000, 1), Rate::new(1, 1), &gaps);
    let start = ManualClock::new().now();
    let expected = [0, 1, 2].map(|seconds| later(start, Duration::from_secs(seconds)));
    assert_eq!(turns.iter().map(|(_, turn)| *turn).collect::<Vec<_>>(), expected);
}
