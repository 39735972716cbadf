//! The integrations platform, to be embedded in a program.
#![doc = include_str!("../README.md")]

mod attempts;
mod builder;
mod runtime;
mod slots;
mod sweeper;
mod system;
mod worker;

pub use builder::{Builder, StartError};
pub use integrations_core as core;
pub use runtime::Integrations;
pub use system::{SystemClock, SystemEntropy};
pub use worker::WorkerConfig;
