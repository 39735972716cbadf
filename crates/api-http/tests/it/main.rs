//! The HTTP API, asked as its users ask it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod addresses;
mod api;
mod bad_input;
mod dispatches;
mod emails;
mod events;
mod integrations;
mod keys;
mod logs;
mod matrix;
mod openapi;
mod paging;
mod providers;
mod requests;
mod serving;
