//! Matrix as a provider, from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod bench;
mod conformance;
mod homeserver;
mod sending;
mod synapse;
mod verification;
