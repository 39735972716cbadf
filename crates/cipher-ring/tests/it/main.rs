//! The cipher against its port's suite, its stored format, and keys as people type them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod broken;
mod conformance;
mod format;
mod keys;
