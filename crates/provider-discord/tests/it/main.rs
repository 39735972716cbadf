//! Discord as a provider, from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bench;
mod conformance;
mod fake;
mod posting;
mod refusals;
mod rendering;
