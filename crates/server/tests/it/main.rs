//! Tests of the server's frame: configuration, and the commands that need no running server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod config;
mod program;
mod settings;
mod sources;
