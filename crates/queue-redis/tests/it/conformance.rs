//! The suite of the port: on one queue, and on one whose pushes, reservations and ends come from three processes.

use std::{sync::Arc, time::Duration};

use integrations::SystemClock;
use integrations_core::{Clock as _, DispatchQueue, Finished, QueueEntry, QueueError, Reservation};
use integrations_testkit::queue::{LEASE, QueueHarness, SHARES};
use jiff::Timestamp;
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{config, fresh_name},
};

struct Harness {
    queue: Arc<dyn DispatchQueue>,
    clock: SystemClock,
}

impl QueueHarness for Harness {
    fn queue(&self) -> Arc<dyn DispatchQueue> {
        self.queue.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A queue as another process has it that uses the same name.
async fn process(name: &str, clock: SystemClock) -> RedisQueue {
    let config = RedisConfig { shares: SHARES, lease: LEASE, clock: Arc::new(clock), ..config(shared(), name) };
    RedisQueue::connect(config).await.unwrap()
}

mod alone {
    use super::{Arc, Harness, SystemClock, fresh_name, process};

    async fn harness() -> Harness {
        let clock = SystemClock::new();
        Harness { queue: Arc::new(process(&fresh_name(), clock).await), clock }
    }

    integrations_testkit::queue_conformance!(harness);
}

mod among_processes {
    use super::{Arc, Harness, Processes, SystemClock, fresh_name, process};

    async fn harness() -> Harness {
        let (name, clock) = (fresh_name(), SystemClock::new());
        let queue = Processes {
            api: process(&name, clock).await,
            worker: process(&name, clock).await,
            other: process(&name, clock).await,
        };
        Harness { queue: Arc::new(queue), clock }
    }

    integrations_testkit::queue_conformance!(harness);
}

struct Processes {
    api: RedisQueue,
    worker: RedisQueue,
    other: RedisQueue,
}

#[async_trait::async_trait]
impl DispatchQueue for Processes {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        self.api.push(entries).await
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        self.worker.reserve(max).await
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        self.other.finish(finished).await
    }

    async fn pushed(&self) {
        self.worker.pushed().await;
    }
}
