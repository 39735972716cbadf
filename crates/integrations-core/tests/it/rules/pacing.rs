//! Rates: never more than was said, and never slower without need.

use std::time::Duration;

use integrations_core::{
    Clock, DispatchState, HoldReason, Integration, OrganizationId, Rate, Reason, elapsed, later,
    rules::{BeginFacts, Beginning, LaneState, LaneStates, Ledger, Policy},
};
use integrations_testkit::{builders::Samples, clock::ManualClock};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};

const DESTINATIONS: usize = 3;

/// A message: when it came, when it goes, and to which destination.
#[derive(Debug, Clone, Copy)]
struct Sent {
    arrived: Timestamp,
    turn: Timestamp,
    to: usize,
}

prop_compose! {
    fn rates()(interval in 1..10_000_u32, burst in 1..8_u32) -> Rate {
        Rate::new(interval, burst)
    }
}

/// Messages of one account: milliseconds since the one before, and where to. Bursts, trickles and rests.
fn messages() -> impl Strategy<Value = Vec<(u64, usize)>> {
    let gap = prop_oneof![Just(0), 0..2_000_u64, 0..60_000_u64];
    vec((gap, 0..DESTINATIONS), 1..80)
}

/// When each message goes, where every destination has one rate and their common account another.
fn send(destination: Rate, credential: Rate, messages: &[(u64, usize)]) -> Vec<Sent> {
    let mut integration: Integration = Samples::default().integration(OrganizationId::from_bytes([1; 16]));
    integration.connection.lanes.destination.rate = Some(destination);
    integration.connection.lanes.credential.rate = Some(credential);
    let (policy, clock) = (Policy { daily_limit: 0, ..Policy::default() }, ManualClock::new());
    let (mut destinations, mut credential) = ([LaneState::default(); DESTINATIONS], LaneState::default());
    let send_one = |(gap, to): &(u64, usize)| {
        clock.advance(Duration::from_millis(*gap));
        let (now, state) = (clock.now(), DispatchState::accepted(clock.now()));
        let lanes = LaneStates { destination: destinations[*to], credential, ..LaneStates::default() };
        let integration = Some(&integration);
        let beginning = policy.begin(BeginFacts { now, state: &state, integration, lanes, ledger: Ledger::default() });
        let Beginning::Write { state, lanes: Some(counted), .. } = beginning else { panic!("nothing was counted") };
        (destinations[*to], credential) = (counted.destination, counted.credential);
        assert_eq!(state.due_at.is_some(), state.reason == Some(Reason::Hold(HoldReason::Pacing)));
        Sent { arrived: now, turn: state.due_at.unwrap_or(now), to: *to }
    };
    messages.iter().map(send_one).collect()
}

/// Whether no stretch of time sees more than the burst and what the rate adds in that time.
fn keeps(rate: Rate, turns: &[Timestamp]) -> bool {
    (0..turns.len()).all(|first| {
        (first..turns.len()).all(|last| {
            let added = elapsed(turns[first], turns[last]).as_millis() / u128::from(rate.interval_millis);
            (last - first + 1) as u128 <= u128::from(rate.burst) + added
        })
    })
}

fn turns_of(sent: &[Sent], to: usize) -> Vec<Timestamp> {
    sent.iter().filter(|one| one.to == to).map(|one| one.turn).collect()
}

proptest! {
    #[test]
    fn a_destination_never_gets_more_than_its_rate(own in rates(), account in rates(), messages in messages()) {
        let sent = send(own, account, &messages);
        for to in 0..DESTINATIONS {
            let turns = turns_of(&sent, to);
            prop_assert!(turns.is_sorted(), "not in order of arrival");
            prop_assert!(keeps(own, &turns), "more than the rate of the destination");
        }
        prop_assert!(sent.iter().all(|one| one.turn >= one.arrived));
    }

    /// What an account has sent at any time is at most what its rate allowed until then, and while no destination
    /// makes its messages wait, its rate is kept in every stretch of time.
    #[test]
    fn an_account_never_sends_more_than_its_rate(own in rates(), account in rates(), messages in messages()) {
        let mut turns: Vec<_> = send(own, account, &messages).into_iter().map(|one| one.turn).collect();
        turns.sort_unstable();
        for (at, turn) in turns.iter().enumerate() {
            let added = elapsed(ManualClock::new().now(), *turn).as_millis() / u128::from(account.interval_millis);
            prop_assert!((at as u128) < u128::from(account.burst) + added);
        }
        let free = Rate::new(1, 100);
        let turns: Vec<_> = send(free, account, &messages).into_iter().map(|one| one.turn).collect();
        prop_assert!(keeps(account, &turns));
    }

    /// A message waits only if going earlier would be more than a rate: its destination's, or that of its account.
    #[test]
    fn nothing_waits_without_need(own in rates(), messages in messages()) {
        let sent = send(own, Rate::new(1, 100), &messages);
        for (at, one) in sent.iter().enumerate().filter(|(_, one)| one.turn > one.arrived) {
            let mut earlier = turns_of(&sent[..at], one.to);
            earlier.push(one.turn - Duration::from_millis(1));
            prop_assert!(!keeps(own, &earlier), "{one:?} could go before");
        }
    }

    /// However long the queues of others are, the account makes a message wait for its own rate alone.
    #[test]
    fn a_slow_destination_holds_back_no_other(own in rates(), account in rates(), messages in messages()) {
        let mut messages = messages;
        messages.iter_mut().for_each(|(_, to)| *to = 0);
        messages.push((0, 1));
        let sent = send(own, account, &messages);
        let last = sent.last().unwrap();
        let most = account.interval() * u32::try_from(messages.len()).unwrap();
        prop_assert!(last.turn <= later(last.arrived, most));
    }

    #[test]
    fn traffic_within_the_rate_goes_at_once(rate in rates(), slack in vec(0..5_000_u64, 1..40)) {
        let messages: Vec<_> = slack.iter().map(|more| (u64::from(rate.interval_millis) + more, 0)).collect();
        prop_assert!(send(rate, rate, &messages).iter().all(|one| one.turn == one.arrived));
    }
}
