//! The sandbox over HTTP, as a bot and as a test program see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bots;
mod buttons;
mod chats;
mod client;
mod control;
mod editing;
mod faults;
mod limits;
mod sending;
mod topics;
mod transport;
mod updates;
