//! Time and chance as ports: nothing in this crate reads them from the air.

use std::time::Duration;

use jiff::Timestamp;

/// The current time.
///
/// # Behavior
/// - Whole milliseconds, so that a stored time reads back equal.
/// - Never goes backwards within one process: wall time at the start plus monotonic time since.
pub trait Clock: Send + Sync {
    /// The instant now, in UTC.
    fn now(&self) -> Timestamp;
}

/// A source of unpredictable bytes, good enough for keys.
pub trait Entropy: Send + Sync {
    /// Fills `out`.
    fn fill(&self, out: &mut [u8]);

    /// A whole number of milliseconds drawn evenly from zero to `max`, both included.
    fn up_to(&self, max: Duration) -> Duration {
        let Some(range) = u64::try_from(max.as_millis()).ok().and_then(|m| m.checked_add(1)) else {
            return max;
        };
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        // The bias of the remainder is below one in 2^40 for any delay in use.
        Duration::from_millis(u64::from_le_bytes(bytes) % range)
    }
}

/// `at` moved later by `by`, rounded down to milliseconds; stops at the end of time.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(at.as_millisecond().saturating_add(by)).unwrap_or(Timestamp::MAX)
}

/// How long after `earlier` the instant `now` is; zero when it is not after.
#[must_use]
pub fn elapsed(earlier: Timestamp, now: Timestamp) -> Duration {
    let millis = now.as_millisecond().saturating_sub(earlier.as_millisecond());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
