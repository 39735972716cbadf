//! The queue against a Redis server that the tests start themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bounds;
mod cluster;
mod conformance;
mod connecting;
mod damage;
mod outages;
mod random;
mod redis_server;
mod sharing;
mod takeover;
mod turns;
mod waking;
mod world;
