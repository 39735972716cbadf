//! The delay before the next attempt.

use std::time::Duration;

use integrations_core::rules::RetryPolicy;
use integrations_testkit::clock::SeqEntropy;
use proptest::prelude::*;

const DAY_MILLIS: u64 = 86_400_000;

prop_compose! {
    fn policies()(base in 1..DAY_MILLIS, max in 0..DAY_MILLIS, jitter in 0..100_000_u64) -> RetryPolicy {
        let [base, max, jitter] = [base, max, jitter].map(Duration::from_millis);
        RetryPolicy { base, max, jitter, ..RetryPolicy::default() }
    }
}

proptest! {
    /// `min(max, base x 2^(n-1) + random 0..jitter)`, where `max` is raised to `base`; computed without limits.
    #[test]
    fn the_delay_follows_the_formula(policy in policies(), n in 1..100_u32, drawn in 0..200_000_u64) {
        let delay = policy.delay(n, Duration::from_millis(drawn));
        let jitter = u128::from(drawn).min(policy.jitter.as_millis());
        let exact = policy.base.as_millis() * (1_u128 << (n - 1)) + jitter;
        let bound = policy.max.as_millis().max(policy.base.as_millis());
        prop_assert_eq!(delay.as_millis(), exact.min(bound));
    }

    #[test]
    fn the_delay_never_falls_and_stays_in_its_bounds(policy in policies(), n in 0..100_u32, drawn in 0..200_000_u64) {
        let drawn = Duration::from_millis(drawn);
        let delay = policy.delay(n, drawn);
        prop_assert!(delay <= policy.delay(n + 1, drawn));
        prop_assert!(delay >= policy.base && delay <= policy.max.max(policy.base));
    }

    #[test]
    fn what_is_drawn_is_at_most_the_jitter(policy in policies(), seed in any::<u64>()) {
        prop_assert!(policy.draw(&SeqEntropy::new(seed)) <= policy.jitter);
    }
}

#[test]
fn the_default_delays_are_those_of_the_documentation() {
    let policy = RetryPolicy::default();
    let delays: Vec<_> = (1..=8).map(|n| policy.delay(n, Duration::ZERO).as_secs()).collect();
    assert_eq!(delays, [30, 60, 120, 240, 480, 960, 1_800, 1_800]);
    assert_eq!(policy.delay(1, Duration::from_secs(99)).as_secs(), 40);
    assert_eq!(policy.delay(u32::MAX, Duration::ZERO).as_secs(), 1_800);
}

#[test]
fn no_jitter_is_no_jitter() {
    let policy = RetryPolicy { jitter: Duration::ZERO, ..RetryPolicy::default() };
    assert_eq!(policy.draw(&SeqEntropy::default()), Duration::ZERO);
    assert_eq!(policy.delay(2, Duration::from_secs(5)), Duration::from_secs(60));
}
