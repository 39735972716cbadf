//! A store and a queue that refuse now and then, and whose callers ask again, do what theirs must do.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    Clock as _, DispatchQueue, Store,
    memory::{MemoryQueue, MemoryStore},
};
use integrations_testkit::{
    clock::ManualClock,
    faults::{FaultyQueue, FaultyStore, Odds, Patient},
    queue::{LEASE, QueueHarness, SHARES},
    store::StoreHarness,
};
use jiff::Timestamp;

struct Stores(Arc<dyn Store>);

impl StoreHarness for Stores {
    fn store(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        self.store()
    }
}

async fn store() -> Stores {
    let odds = Odds { refused: 200, lost: 0, delayed: 50 };
    let faulty: Arc<dyn Store> = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()), 1, odds));
    Stores(Arc::new(Patient(faulty)))
}

mod stores {
    use super::store;

    integrations_testkit::store_conformance!(store);
}

struct Queues {
    clock: Arc<ManualClock>,
    queue: Arc<dyn DispatchQueue>,
}

impl QueueHarness for Queues {
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

async fn queue() -> Queues {
    let clock = Arc::new(ManualClock::new());
    let memory = Arc::new(MemoryQueue::new(clock.clone(), SHARES, LEASE));
    let odds = Odds { refused: 200, lost: 200, delayed: 50 };
    let faulty: Arc<dyn DispatchQueue> = Arc::new(FaultyQueue::new(memory, 1, odds).giving_what_it_reserves());
    Queues { clock, queue: Arc::new(Patient(faulty)) }
}

mod queues {
    use super::queue;

    integrations_testkit::queue_conformance!(queue);
}
