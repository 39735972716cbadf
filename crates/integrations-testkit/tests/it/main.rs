//! The suites themselves, tried on adapters that are known to be right or wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod broken;
mod faults;
mod provider;
