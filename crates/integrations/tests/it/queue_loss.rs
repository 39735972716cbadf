//! Promise 2: lose the whole queue at any moment and no dispatch is lost.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use integrations::core::{
    DispatchQueue, Finished, QueueEntry, QueueError, Reservation, Shares,
    memory::{MemoryQueue, MemoryStore},
};
use integrations_testkit::{fakes::Postbox, suite::block_on};

use crate::world::{World, builder};

/// A queue that can be told to fail, and to forget every push.
struct Forgetful {
    inner: MemoryQueue,
    forgets: AtomicBool,
    fails: AtomicBool,
}

#[async_trait::async_trait]
impl DispatchQueue for Forgetful {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(QueueError::Unavailable("down".into()));
        }
        if self.forgets.load(Ordering::SeqCst) { Ok(()) } else { self.inner.push(entries).await }
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(QueueError::Unavailable("down".into()));
        }
        self.inner.reserve(max).await
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(QueueError::Unavailable("down".into()));
        }
        self.inner.finish(finished).await
    }

    async fn pushed(&self) {
        self.inner.pushed().await;
    }
}

async fn world() -> (World, Arc<Forgetful>) {
    let postbox = Postbox::default();
    let clock = Arc::new(integrations::SystemClock::new());
    let shares = Shares { lane: 4, organization: 8 };
    let queue = Arc::new(Forgetful {
        inner: MemoryQueue::new(clock, shares, std::time::Duration::from_secs(60)),
        forgets: AtomicBool::new(false),
        fails: AtomicBool::new(false),
    });
    let builder = builder(Arc::new(MemoryStore::new()), &postbox).shared_queue(queue.clone());
    (World::of(builder, postbox).await, queue)
}

#[test]
fn promise_02_the_store_is_the_truth() {
    block_on(async {
        let (world, queue) = world().await;
        let integration = world.connect("one").await;
        let address = world.address("orders", &[integration]).await;
        queue.forgets.store(true, Ordering::SeqCst);
        for number in 0..20 {
            world.publish(address, &number.to_string()).await;
        }
        assert!(world.postbox.delivered().is_empty());
        queue.forgets.store(false, Ordering::SeqCst);
        assert_eq!(world.postbox.wait_for(20).await.len(), 20);
    });
}

/// The sender's answer does not depend on the queue.
#[test]
fn a_queue_that_is_down_keeps_no_event_out() {
    block_on(async {
        let (world, queue) = world().await;
        let integration = world.connect("one").await;
        let address = world.address("orders", &[integration]).await;
        queue.fails.store(true, Ordering::SeqCst);
        world.publish(address, "Shipped").await;
        queue.fails.store(false, Ordering::SeqCst);
        assert_eq!(world.postbox.wait_for(1).await[0].subject.as_deref(), Some("Shipped"));
    });
}
