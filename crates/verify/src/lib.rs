//! Programs that break a running server and show that no accepted event is lost.
//!
//! They know the server from outside only: a program with environment variables and an HTTP API. Each compares two
//! logs that know nothing of each other: what a client saw accepted, and what the receiver of the messages got. What
//! came twice must be explained by the server's own log of attempts.

mod client_log;
mod clock;
mod compare;
mod disk;
mod history;
mod load;
mod marker;
mod poll;
mod preload;
mod queue;
mod random;
mod reckoning;
mod report;
mod site;
mod tenant;

pub mod api;
pub mod clock_steps;
pub mod kill;
pub mod pacing;
pub mod powercut;
pub mod process;
pub mod provider_faults;
pub mod redis;
pub mod redis_loss;
pub mod stop;

use std::{ffi::OsString, path::PathBuf};

pub use queue::Queue;
pub use random::fresh_seed;
pub use report::Report;

/// A server program to be broken.
#[derive(Debug, Clone)]
pub struct Server {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Server {
    /// The program at this path, to be started with `serve`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new() }
    }

    /// Puts an argument before `serve`, for a program that starts the server in its own way.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

/// How long and with which chance a program runs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where chance starts; the same seed draws the same moments.
    pub seed: u64,
    /// How often the server is broken.
    pub rounds: u32,
}
