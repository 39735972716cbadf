//! Both clients against real sockets, and the guard against addresses that look harmless.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod addresses;
mod broken;
mod conformance;
mod connecting;
mod guarded;
mod proxies;
