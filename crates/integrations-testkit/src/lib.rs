//! Conformance suites and fakes for every port of the platform.
#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test says that something is wrong"
)]

pub mod builders;
pub mod cipher;
pub mod clock;
pub mod decorate;
pub mod fakes;
pub mod faults;
pub mod http_client;
pub mod loopback;
pub mod provider;
pub mod queue;
pub mod sample;
pub mod scene;
pub mod scripted_http;
pub mod simulation;
pub mod slots;
pub mod store;
pub mod suite;
