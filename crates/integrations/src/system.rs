//! Time and chance as the operating system gives them.

use std::time::{Duration, Instant, SystemTime};

use integrations_core::{Clock, Entropy, later};
use jiff::Timestamp;

/// Wall time when it was made, plus monotonic time since: it never jumps, whatever happens to the machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    wall: Timestamp,
    started: Instant,
}

impl SystemClock {
    /// A clock that goes from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's real implementation")]
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { wall: later(Timestamp::UNIX_EPOCH, since_epoch), started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        later(self.wall, self.started.elapsed())
    }
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the Entropy port's real implementation")]
    #[expect(clippy::expect_used, reason = "without randomness nothing may go on: keys would be guessable")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives random numbers");
    }
}
