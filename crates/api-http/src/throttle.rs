//! How often one caller may do something.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use integrations_core::{Rate, elapsed, rules::LaneState};
use jiff::Timestamp;

/// How many callers are remembered before those that are at rest are forgotten.
const MAX_CALLERS: usize = 10_000;

/// Keeps each caller to one rate.
pub(crate) struct Throttle<K> {
    rate: Rate,
    callers: Mutex<HashMap<K, LaneState>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// Nobody has called yet.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, callers: Mutex::default() }
    }

    /// Counts a call, or says how long to wait for the next.
    pub(crate) fn take(&self, caller: K, now: Timestamp) -> Result<(), Duration> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= MAX_CALLERS {
            callers.retain(|_, lane| lane.steady_at > Some(now));
        }
        let lane = callers.entry(caller).or_default();
        let earliest = lane.earliest(self.rate, now);
        if earliest > now {
            return Err(elapsed(now, earliest));
        }
        lane.take(self.rate, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_and_then_one_at_a_time() {
        let throttle = Throttle::new(Rate::new(1_000, 2));
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(throttle.take('a', at(0)), Ok(()));
        assert_eq!(throttle.take('a', at(0)), Ok(()));
        assert_eq!(throttle.take('a', at(100)), Err(Duration::from_millis(900)));
        assert_eq!(throttle.take('b', at(100)), Ok(()));
        assert_eq!(throttle.take('a', at(1_000)), Ok(()));
        assert!(throttle.take('a', at(1_000)).is_err());
    }
}
