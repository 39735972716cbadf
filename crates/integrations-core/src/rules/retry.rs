//! When to try again: exponential backoff with jitter inside a window.

use std::time::Duration;

use crate::Entropy;

/// The four controls of retrying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How long after its first attempt a dispatch may be tried (`INTEGRATION_QUEUE_RETRY_WINDOW_SECONDS`).
    pub window: Duration,
    /// The delay after the first attempt (`INTEGRATION_QUEUE_BASE_DELAY_SECONDS`).
    pub base: Duration,
    /// The greatest delay, jitter included (`INTEGRATION_QUEUE_MAX_DELAY_SECONDS`); the base if that is greater.
    pub max: Duration,
    /// The greatest random addition (`INTEGRATION_QUEUE_JITTER_SECONDS`); zero for none.
    pub jitter: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { window: seconds(21_600), base: seconds(30), max: seconds(1_800), jitter: seconds(10) }
    }
}

impl RetryPolicy {
    /// The delay before attempt `n + 1`: `min(max, base * 2^(n-1) + jitter)`, where `jitter` is a number drawn with
    /// [`RetryPolicy::draw`]. `n` counts from 1; 0 is read as 1.
    #[must_use]
    pub fn delay(&self, n: u32, jitter: Duration) -> Duration {
        let doublings = n.saturating_sub(1).min(31);
        let backoff = self.base.saturating_mul(2u32.saturating_pow(doublings));
        backoff.saturating_add(jitter.min(self.jitter)).min(self.max.max(self.base))
    }

    /// Draws the random addition for one delay.
    #[must_use]
    pub fn draw(&self, entropy: &dyn Entropy) -> Duration {
        entropy.up_to(self.jitter)
    }
}
