//! The running platform: a handle on its use cases and its workers.

use std::{ops::Deref, sync::Arc, time::Duration};

use integrations_core::Platform;
use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{WorkerConfig, slots::WorkerSlots, sweeper, worker::Worker};

/// The platform with its workers running. Use cases are called on it directly. Dropping it stops the workers without
/// waiting; [`Integrations::stop`] lets open attempts end first.
pub struct Integrations {
    platform: Platform,
    stopping: CancellationToken,
    tasks: TaskTracker,
    drain: Duration,
}

impl Integrations {
    /// Attempts are made on `runtime`, all else on the current one.
    pub(crate) fn run(platform: Platform, config: WorkerConfig, runtime: Handle) -> Self {
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        let worker = Arc::new(Worker::new(platform.clone(), config, stopping.clone(), tasks.clone(), runtime));
        tasks.spawn(worker.clone().run());
        tasks.spawn(sweeper::run(platform.clone(), config.sweep_every, stopping.clone()));
        let platform = platform.beginning_in(Arc::new(WorkerSlots(worker)));
        Self { platform, stopping, tasks, drain: config.drain }
    }

    /// The use cases, to keep beside the handle. Cheap to clone.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Starts no more attempts and waits for the open ones, as long as the drain time allows. What is still open then
    /// is closed as interrupted by the next start, or by another process when the lease ends.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.drain, self.tasks.wait()).await.is_err() {
            tracing::warn!("stopped with attempts open; they will be repeated");
        }
    }
}

impl Deref for Integrations {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

impl Drop for Integrations {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}
