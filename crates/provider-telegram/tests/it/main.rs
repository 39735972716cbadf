//! Telegram as a provider, from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bench;
mod calls;
mod conformance;
mod html;
mod refusals;
mod rendering;
mod sandbox;
