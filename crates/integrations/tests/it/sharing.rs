//! One bad target or tenant delays nobody else.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use integrations::{
    SystemClock, WorkerConfig,
    core::{
        DeliveryError, DispatchStatus, FailureKind, Shares,
        memory::{MemoryQueue, MemoryStore},
        rules::Policy,
    },
};
use integrations_testkit::{fakes::Postbox, suite::block_on};

use crate::world::{World, builder};

/// Promise 8: a target that never answers holds its share of the slots and no more.
#[test]
fn promise_08_one_bad_target_delays_nobody_else() {
    block_on(async {
        let world = World::start().await;
        let (dead, lively) = (world.connect("dead").await, world.connect("lively").await);
        let (to_dead, to_lively) = (world.address("dead", &[dead]).await, world.address("lively", &[lively]).await);
        world.postbox.hang("dead");
        for number in 0..50 {
            world.publish(to_dead, &format!("dead {number}")).await;
        }
        for number in 0..50 {
            world.publish(to_lively, &format!("lively {number}")).await;
        }
        let delivered = world.postbox.wait_for(50).await;
        assert!(delivered.iter().all(|message| message.slot == "lively"));
    });
}

/// Promise 8: messages that are refused or fail do not stop those behind them.
#[test]
fn a_bad_message_does_not_stop_the_next() {
    block_on(async {
        let world = World::start().await;
        let integration = world.connect("one").await;
        let address = world.address("orders", &[integration]).await;
        for kind in [FailureKind::Rejected, FailureKind::Misconfigured, FailureKind::Unconfirmed] {
            world.postbox.fail_next(DeliveryError::new(kind, "no"));
        }
        for number in 0..10 {
            world.publish(address, &number.to_string()).await;
        }
        // Two are refused for good; the one whose answer was lost comes again.
        world.postbox.wait_for(8).await;
    });
}

/// A provider that blocks its thread does so on a thread for attempts, where these have their own.
#[test]
fn a_provider_that_blocks_keeps_no_request_waiting() {
    let attempts = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let requests = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (is_called, called) = tokio::sync::oneshot::channel();
    let (go_on, blocked) = mpsc::channel::<()>();
    requests.block_on(async {
        let postbox = Postbox::default();
        let mut is_called = Some(is_called);
        postbox.answer_with(move |_| {
            is_called.take().map(|is_called| is_called.send(()));
            // Until the sender is dropped.
            let _ = blocked.recv_timeout(Duration::from_secs(20));
            None
        });
        let builder = builder(Arc::new(MemoryStore::new()), &postbox).attempts_on(attempts.handle().clone());
        let world = World::of(builder, postbox).await;
        let integration = world.connect("one").await;
        let address = world.address("orders", &[integration]).await;
        world.publish(address, "first").await;
        called.await.unwrap();
        world.publish(address, "second").await;
        assert_eq!(world.postbox.delivered(), []);
        drop(go_on);
        world.postbox.wait_for(2).await;
    });
}

/// However many workers there are, a target has no more calls at once than one of them would give it.
#[test]
fn shares_count_over_all_workers() {
    block_on(async {
        let worker = WorkerConfig { concurrency: 8, ..WorkerConfig::default() };
        assert_eq!(worker.shares(), Shares { lane: 2, organization: 6 });
        let (store, postbox) = (Arc::new(MemoryStore::new()), Postbox::default());
        let queue = Arc::new(MemoryQueue::new(Arc::new(SystemClock::new()), worker.shares(), Policy::default().lease));
        let process = || builder(store.clone(), &postbox).worker(worker).shared_queue(queue.clone());
        let world = World::of(process(), postbox.clone()).await;
        let _other = process().start().await.unwrap();
        let (dead, lively) = (world.connect("dead").await, world.connect("lively").await);
        let (to_dead, to_lively) = (world.address("dead", &[dead]).await, world.address("lively", &[lively]).await);
        postbox.hang("dead");
        for number in 0..20 {
            world.publish(to_dead, &number.to_string()).await;
            world.publish(to_lively, &number.to_string()).await;
        }
        postbox.wait_for(20).await;
        let all_in = async |address, status| {
            let all = world.dispatches().await;
            all.iter().filter(|dispatch| dispatch.address_id == address && dispatch.state.status == status).count()
        };
        while all_in(to_lively, DispatchStatus::Delivered).await < 20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(all_in(to_dead, DispatchStatus::Delivering).await, 2);
    });
}
