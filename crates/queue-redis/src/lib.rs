//! The queue port on Redis.
#![doc = include_str!("../README.md")]

mod calls;
mod config;
mod entry;
mod fault;
mod link;
mod merger;
mod queue;
mod requirements;
mod scripts;
mod wakes;

pub use config::{ConnectError, RedisConfig, check_url};
pub use fault::Fault;
pub use queue::RedisQueue;
