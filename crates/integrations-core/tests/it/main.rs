//! The rules and the references in memory, from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod a_day;
mod calls;
mod cleaned;
mod conformance;
mod faulty;
mod ids;
mod queue;
mod rules;
mod seed_failures;
mod taking;
