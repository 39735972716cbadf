//! The worker loop: as long as there are free slots and due work, it opens attempts.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use integrations_core::{DispatchId, Platform, Reservation, Shares, WorkError, elapsed, store::StartedAttempt};
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use crate::attempts;

/// The numbers that a worker works with. The lease of [`integrations_core::rules::Policy`] must be longer than
/// `attempt_timeout` and `drain`, so that no lease is ever renewed.
#[derive(Debug, Clone, Copy)]
pub struct WorkerConfig {
    /// Attempts in flight.
    pub concurrency: usize,
    /// How long an attempt may take.
    pub attempt_timeout: Duration,
    /// How long a stop waits for open attempts.
    pub drain: Duration,
    /// How often the queue is told what is due.
    pub sweep_every: Duration,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            concurrency: 64,
            attempt_timeout: Duration::from_secs(20),
            drain: Duration::from_secs(30),
            sweep_every: Duration::from_secs(15),
        }
    }
}

impl WorkerConfig {
    /// How much one lane and one organization may have in flight, so that a target that hangs leaves room for others. A
    /// shared queue counts it over all its workers: however many there are, no target gets more calls at once, and no
    /// organization can fill a single worker.
    #[must_use]
    pub fn shares(&self) -> Shares {
        let slots = self.concurrency.max(1);
        Shares { lane: slots.div_ceil(4), organization: (slots - slots / 4).max(1) }
    }
}

/// How long to wait after store or queue failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(crate) struct Worker {
    platform: Platform,
    config: WorkerConfig,
    slots: Arc<Semaphore>,
    /// Told whenever an attempt has ended: its lane may have something more.
    ended: Arc<Notify>,
    stopping: CancellationToken,
    tasks: TaskTracker,
    /// Where attempts are made.
    runtime: Handle,
}

/// What to do after a look.
enum Next {
    /// There may be more.
    Look,
    /// Nothing more is due before that time, if it is not known to be earlier.
    Wait(Option<Timestamp>),
}

impl Worker {
    pub(crate) fn new(
        platform: Platform,
        config: WorkerConfig,
        stopping: CancellationToken,
        tasks: TaskTracker,
        runtime: Handle,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(config.concurrency.max(1)));
        Self { platform, config, slots, ended: Arc::default(), stopping, tasks, runtime }
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.platform
    }

    pub(crate) async fn run(self: Arc<Self>) {
        while let Some(slots) = self.free_slots().await {
            match self.work(slots).await {
                Ok(Next::Look) => {}
                Ok(Next::Wait(due)) => self.wait(due).await,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no work could be taken; trying again");
                    self.pause(PAUSE_AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Fills slots with what is due. Those that it does not fill are free before anything is written.
    async fn work(&self, mut slots: OwnedSemaphorePermit) -> Result<Next, WorkError> {
        let free = slots.num_permits();
        let Reservation { entries, next_due } = self.platform.ports().queue.reserve(free).await?;
        drop(slots.split(free.saturating_sub(entries.len())));
        let attempts = self.platform.begin(&entries).await?;
        // What does not begin now is given back to the queue, which knows of it only when it is asked again.
        let all_begin = attempts.len() == entries.len();
        for attempt in attempts {
            self.start(attempt, slots.split(1));
        }
        Ok(if all_begin && entries.len() < free { Next::Wait(next_due) } else { Next::Look })
    }

    /// All slots that are free, at least one; none when it is time to stop.
    async fn free_slots(&self) -> Option<OwnedSemaphorePermit> {
        let mut slots = tokio::select! {
            biased;
            () = self.stopping.cancelled() => return None,
            slot = self.slots.clone().acquire_owned() => slot.ok()?,
        };
        let others = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        if let Ok(others) = self.slots.clone().try_acquire_many_owned(others) {
            slots.merge(others);
        }
        Some(slots)
    }

    /// A slot that is free, with what makes a stop wait for it.
    pub(crate) fn free_slot(&self) -> Option<(OwnedSemaphorePermit, TaskTrackerToken)> {
        let token = self.tasks.token();
        let slot = self.slots.clone().try_acquire_owned().ok()?;
        (!self.stopping.is_cancelled()).then_some((slot, token))
    }

    /// Makes an attempt that is open; without a slot, too, should a queue give more than it was asked for.
    pub(crate) fn start(&self, attempt: StartedAttempt, slot: Option<OwnedSemaphorePermit>) {
        let (platform, ended, timeout) = (self.platform.clone(), self.ended.clone(), self.config.attempt_timeout);
        self.tasks.spawn_on(
            async move {
                attempts::make(&platform, attempt, timeout).await;
                drop(slot);
                ended.notify_one();
            },
            &self.runtime,
        );
    }

    /// Gives a dispatch back to the queue that has a slot and does not start.
    pub(crate) fn give_back(&self, dispatch: DispatchId, due: Option<Timestamp>, slot: OwnedSemaphorePermit) {
        let (platform, ended) = (self.platform.clone(), self.ended.clone());
        let mut giving = Box::pin(async move {
            platform.give_back(dispatch, due).await;
            drop(slot);
            ended.notify_one();
        });
        // A queue that reserves at once takes back at once, before anybody pushes what is accepted after all.
        if giving.as_mut().now_or_never().is_none() {
            self.tasks.spawn_on(giving, &self.runtime);
        }
    }

    /// Waits for a cause to look again: a push, a due time, an attempt that ended, or the stop.
    async fn wait(&self, next_due: Option<Timestamp>) {
        let due = async {
            match next_due {
                Some(due) => tokio::time::sleep(elapsed(self.platform.ports().clock.now(), due)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.platform.ports().queue.pushed() => {}
            () = due => {}
            () = self.ended.notified() => {}
            () = self.stopping.cancelled() => {}
        }
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stopping.cancelled() => {}
        }
    }
}
