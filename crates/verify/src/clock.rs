//! The time of this machine, which is also the server's.

#![expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The time.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures how long something takes.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
