//! Time and chance that a test decides.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use integrations_core::{Clock, Entropy, later};
use jiff::Timestamp;

/// 2026-01-01T00:00:00Z in milliseconds since 1970.
const START: i64 = 1_767_225_600_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicI64::new(START))
    }

    /// Moves it forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        self.set(later(self.now(), by));
    }

    /// Moves it to an instant, in whole milliseconds.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.as_millisecond(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Bytes that look random, differ at every call, and are the same in every run with the same seed.
///
/// The generator is splitmix64 (<https://prng.di.unimi.it/splitmix64.c>). Never use it for real keys.
#[derive(Debug)]
pub struct SeqEntropy(AtomicU64);

impl SeqEntropy {
    /// The sequence of that seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Default for SeqEntropy {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Entropy for SeqEntropy {
    fn fill(&self, out: &mut [u8]) {
        for part in out.chunks_mut(8) {
            part.copy_from_slice(&self.next().to_le_bytes()[..part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_told() {
        let clock = ManualClock::new();
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(clock.now(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:01.5Z");
        clock.set("2027-02-03T04:05:06.789Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2027-02-03T04:05:06.789Z");
    }

    #[test]
    fn entropy_follows_its_seed_and_does_not_repeat() {
        // The first value of the reference implementation for the seed 0.
        assert_eq!(SeqEntropy::new(0).next(), 0xe220_a839_7b1d_cdaf);
        let draw = |entropy: &SeqEntropy| {
            let mut bytes = [0; 13];
            entropy.fill(&mut bytes);
            bytes
        };
        let (one, same, other) = (SeqEntropy::new(1), SeqEntropy::new(1), SeqEntropy::new(2));
        let first = draw(&one);
        assert_eq!(first, draw(&same));
        assert_ne!(first, draw(&one));
        assert_ne!(first, draw(&other));
    }
}
