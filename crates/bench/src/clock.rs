//! The time, for measurements.

#![expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Time since the first question, the same for all threads.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Today, for the page.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
