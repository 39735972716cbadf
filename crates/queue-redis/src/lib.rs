//! The queue port on Redis.
#![doc = include_str!("../README.md")]

mod config;
mod entry;
mod fault;
mod link;
mod outbox;
mod queue;
mod requirements;
mod scripts;
mod wakes;

pub use config::{ConnectError, RedisConfig};
pub use fault::Fault;
pub use queue::RedisQueue;

/// Says in the log that entries could not be read. What they held is not for the log.
fn tell_of(aside: usize) {
    if aside > 0 {
        tracing::warn!(entries = aside, "malformed entries of the queue were set aside");
    }
}
