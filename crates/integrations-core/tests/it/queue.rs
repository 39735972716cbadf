//! The queue in memory keeps to its port.

use std::{sync::Arc, time::Duration};

use integrations_core::{Clock as _, DispatchQueue, memory::MemoryQueue};
use integrations_testkit::{
    clock::ManualClock,
    queue::{LEASE, QueueHarness, SHARES},
};
use jiff::Timestamp;

struct Memory {
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
}

impl QueueHarness for Memory {
    fn queue(&self) -> Arc<dyn DispatchQueue> {
        self.queue.clone()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

async fn memory() -> Memory {
    let clock = Arc::new(ManualClock::new());
    Memory { queue: Arc::new(MemoryQueue::new(clock.clone(), SHARES, LEASE)), clock }
}

integrations_testkit::queue_conformance!(memory);
