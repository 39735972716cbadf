//! The program from outside: configuration, commands, and the running server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod config;
mod demo;
mod egress;
mod faults;
mod mails;
mod outcomes;
mod program;
mod redis;
mod redis_server;
mod running;
mod secrets;
mod settings;
mod sources;
mod store;
