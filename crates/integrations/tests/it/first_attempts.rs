//! What is accepted while there is room goes out at once, past the queue. On one thread, so that no look of the worker
//! into its queue, which takes all free slots for a moment, comes between.

use std::{sync::Arc, time::Duration};

use integrations::{
    WorkerConfig,
    core::{
        DispatchQueue, DispatchStatus, Finished, IntegrationPatch, QueueEntry, QueueError, Reservation, StatusWish,
        memory::{MemoryQueue, MemoryStore},
        store::{DispatchFilter, Page},
    },
};
use integrations_testkit::fakes::Postbox;

use crate::world::{World, builder};

/// A queue that nothing can be pushed into.
struct Closed(MemoryQueue);

#[async_trait::async_trait]
impl DispatchQueue for Closed {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        if entries.is_empty() { Ok(()) } else { Err(QueueError::Unavailable("closed".into())) }
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        self.0.reserve(max).await
    }

    fn reserve_new(&self, entry: &QueueEntry) -> bool {
        self.0.reserve_new(entry)
    }

    fn expect_new(&self, entry: &QueueEntry) {
        self.0.expect_new(entry);
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        self.0.finish(finished).await
    }

    async fn pushed(&self) {
        self.0.pushed().await;
    }
}

/// With eight slots, of which one destination gets two.
async fn world() -> World {
    let (postbox, worker) = (Postbox::default(), WorkerConfig { concurrency: 8, ..WorkerConfig::default() });
    let clock = Arc::new(integrations::SystemClock::new());
    let queue = Closed(MemoryQueue::new(clock.clone(), worker.shares(), Duration::from_secs(60)));
    let builder = builder(Arc::new(MemoryStore::new()), &postbox).worker(worker).shared_queue(Arc::new(queue));
    let builder = builder.world(clock, Arc::new(integrations::SystemEntropy));
    World::of(builder, postbox).await
}

#[tokio::test]
async fn what_gets_a_slot_needs_no_queue() {
    let world = world().await;
    let integration = world.connect("one").await;
    let address = world.address("orders", &[integration]).await;
    for number in 0..20 {
        world.publish(address, &number.to_string()).await;
        world.postbox.wait_for(number + 1).await;
        world.newest_in(DispatchStatus::Delivered).await;
    }
    assert!(world.dispatches().await.iter().all(|dispatch| dispatch.state.attempt_count == 1));
}

/// A destination that hangs gets its share of slots past the queue, too, and what is more waits.
#[tokio::test]
async fn slots_past_the_queue_keep_to_the_shares() {
    let world = world().await;
    let (dead, lively) = (world.connect("dead").await, world.connect("lively").await);
    let (to_dead, to_lively) = (world.address("dead", &[dead]).await, world.address("lively", &[lively]).await);
    world.postbox.hang("dead");
    for number in 0..5 {
        world.publish(to_dead, &number.to_string()).await;
    }
    let filter = DispatchFilter { status: Some(DispatchStatus::Delivering), ..DispatchFilter::default() };
    let open = world.platform.list_dispatches(world.organization, filter, Page::first(10)).await.unwrap();
    assert_eq!(open.items.len(), 2);
    world.publish(to_lively, "still").await;
    world.postbox.wait_for(1).await;
}

/// A dispatch that may not start gives back its slot, and its place in the shares.
#[tokio::test]
async fn what_is_held_keeps_no_slot() {
    let world = world().await;
    let mut all = Vec::new();
    for number in 0..4 {
        let paused = world.connect(&format!("paused {number}")).await;
        let patch = IntegrationPatch { status: Some(StatusWish::Paused), ..IntegrationPatch::default() };
        world.platform.update_integration(world.organization, paused, patch).await.unwrap();
        all.push(paused);
    }
    let active = world.connect("active").await;
    all.push(active);
    let address = world.address("all", &all).await;
    let waiting = DispatchFilter {
        integration: Some(active),
        status: Some(DispatchStatus::Pending),
        ..DispatchFilter::default()
    };
    for number in 0..10 {
        world.publish(address, &number.to_string()).await;
        let waiting = world.platform.list_dispatches(world.organization, waiting, Page::first(1)).await.unwrap();
        assert!(waiting.items.is_empty(), "there is no slot for message {number}");
        world.postbox.wait_for(number + 1).await;
    }
}

/// What comes in during a stop waits for the next start.
#[tokio::test]
async fn a_stop_gives_no_slots() {
    let world = world().await;
    let integration = world.connect("one").await;
    let address = world.address("orders", &[integration]).await;
    let World { platform, postbox, organization } = world;
    let use_cases = platform.platform().clone();
    platform.stop().await;
    let event = integrations::core::IncomingEvent {
        recipient: integrations::core::store::Recipient::Id(address),
        occurred_at: None,
        payload: integrations::core::Payload::EmailReceived(Default::default()),
        repeat: None,
    };
    use_cases.publish(organization, vec![event]).await.unwrap();
    let page = use_cases.list_dispatches(organization, DispatchFilter::default(), Page::first(2)).await.unwrap();
    assert_eq!(page.items.iter().map(|dispatch| dispatch.state.status).collect::<Vec<_>>(), [DispatchStatus::Pending]);
    assert!(postbox.delivered().is_empty());
}
