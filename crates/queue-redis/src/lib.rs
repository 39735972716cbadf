//! The queue port on Redis.
#![doc = include_str!("../README.md")]

mod config;
mod entry;
mod fault;
mod link;
mod queue;
mod requirements;
mod scripts;
mod wakes;

pub use config::{ConnectError, RedisConfig};
pub use fault::Fault;
pub use queue::RedisQueue;
