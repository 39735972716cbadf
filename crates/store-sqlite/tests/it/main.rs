//! The store on real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod beside;
mod canceling;
mod conformance;
mod full;
mod merging;
mod model;
mod opening;
mod poisoned;
mod rights;
mod schema;
mod support;
mod threads;
