//! The threads of the program.

use std::{future::Future, num::NonZero};

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle, Runtime};

/// Two runtimes, each with half of the cores. The second one makes the attempts, so that providers keep neither
/// requests nor the store waiting.
pub(crate) struct Threads {
    main: Runtime,
    attempts: Runtime,
}

impl Threads {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let runtime = |name| {
            let built =
                Builder::new_multi_thread().worker_threads(cores.div_ceil(2)).thread_name(name).enable_all().build();
            built.context("the runtime cannot be started")
        };
        Ok(Self { main: runtime("main-worker")?, attempts: runtime("attempts-worker")? })
    }

    /// Where attempts are to be made.
    pub(crate) fn for_attempts(&self) -> Handle {
        self.attempts.handle().clone()
    }

    /// Runs everything else, and ends the threads. A provider that blocks does not hold that up.
    pub(crate) fn block_on<F: Future>(self, future: F) -> F::Output {
        let output = self.main.block_on(future);
        self.attempts.shutdown_background();
        output
    }
}
