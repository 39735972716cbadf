//! What a service makes wait, waits: over restarts, for every worker on the store, and without a burst at the end.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use integrations::{
    WorkerConfig,
    core::{
        DeliveryError, DispatchStatus, FailureKind, HoldReason, IntegrationPatch, Rate, Reach, Reason, Settings,
        StatusWish, memory::MemoryStore, rules::Policy,
    },
};
use integrations_testkit::{
    clock::{ManualClock, SeqEntropy},
    fakes::Postbox,
    suite::block_on,
};

use crate::world::{World, builder};

const HOUR: Duration = Duration::from_secs(3_600);

/// The parts that outlive a process.
struct Site {
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    postbox: Postbox,
}

impl Site {
    fn new(postbox: Postbox) -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: Arc::new(ManualClock::new()), postbox }
    }

    /// A process of its own, with its own queue and its own memory.
    async fn process(&self, seed: u64) -> World {
        let policy = Policy { daily_limit: 0, ..Policy::default() };
        let settings = Settings { policy, max_integrations: 0, ..Settings::default() };
        let builder = builder(self.store.clone(), &self.postbox).settings(settings);
        World::of(builder.world(self.clock.clone(), Arc::new(SeqEntropy::new(seed))), self.postbox.clone()).await
    }
}

fn throttled(reach: Reach) -> DeliveryError {
    let mut error = DeliveryError::new(FailureKind::Throttled, "slower, please").with_retry_after(Some(HOUR));
    error.reach = reach;
    error
}

/// Subjects that arrived in one box, in order.
fn arrived(postbox: &Postbox, slot: &str) -> Vec<String> {
    let here = postbox.delivered().into_iter().filter(|message| message.slot == slot);
    here.map(|message| message.subject.unwrap()).collect()
}

async fn a_throttle_holds(reach: Reach, stops_the_neighbour: bool) {
    let site = Site::new(Postbox::default());
    let first = site.process(1).await;
    let one = first.connect("one").await;
    let two = first.connect("two").await;
    let (one, two) = (first.address("one", &[one]).await, first.address("two", &[two]).await);
    site.postbox.fail_next(throttled(reach));
    first.publish(one, "first").await;
    first.newest_in(DispatchStatus::RetryScheduled).await;
    let organization = first.organization;
    first.platform.stop().await;

    let mut second = site.process(2).await;
    let mut third = site.process(3).await;
    (second.organization, third.organization) = (organization, organization);
    second.publish(one, "second").await;
    third.publish(one, "third").await;
    second.publish(two, "neighbour").await;
    let waiting = if stops_the_neighbour { 4 } else { 3 };
    loop {
        let dispatches = second.dispatches().await;
        let held = dispatches.iter().filter(|dispatch| {
            dispatch.state.status == DispatchStatus::RetryScheduled
                || dispatch.state.reason == Some(Reason::Hold(HoldReason::Throttled))
        });
        // As the store has it: an attempt that is still open would be taken for one that was left.
        let delivered = dispatches.iter().filter(|dispatch| dispatch.state.status == DispatchStatus::Delivered);
        if held.count() == waiting && delivered.count() == 4 - waiting {
            break;
        }
        tokio::task::yield_now().await;
    }
    site.clock.advance(HOUR - Duration::from_secs(1));
    for world in [&second, &third] {
        world.platform.sweep().await.unwrap();
    }
    assert!(arrived(&site.postbox, "one").is_empty(), "{reach:?}: an hour is not over");
    site.clock.advance(Duration::from_secs(60));
    site.postbox.wait_for(4).await;
    let mut subjects = arrived(&site.postbox, "one");
    subjects.sort();
    assert_eq!(subjects, ["first", "second", "third"], "{reach:?}");
    assert_eq!(arrived(&site.postbox, "two"), ["neighbour"]);
}

#[test]
fn a_throttled_destination_waits_over_restarts_and_for_all_workers() {
    block_on(a_throttle_holds(Reach::Destination, false));
}

#[test]
fn a_throttled_credential_waits_over_restarts_and_for_all_workers() {
    block_on(a_throttle_holds(Reach::Credential, true));
}

#[test]
fn a_throttled_provider_waits_over_restarts_and_for_all_workers() {
    block_on(a_throttle_holds(Reach::Provider, true));
}

/// How many attempts are open.
async fn open(world: &World) -> usize {
    let dispatches = world.dispatches().await;
    dispatches.iter().filter(|dispatch| dispatch.state.status == DispatchStatus::Delivering).count()
}

/// A slow call keeps those behind it waiting where the provider wants that, and nobody else.
#[test]
fn one_by_one_a_slow_call_holds_back_its_own_lane_alone() {
    block_on(async {
        let site = Site::new(Postbox::default().one_by_one());
        let world = site.process(1).await;
        let (one, two) = (world.connect("one").await, world.connect("two").await);
        let (one, two) = (world.address("one", &[one]).await, world.address("two", &[two]).await);
        site.postbox.hang("one");
        for subject in ["first", "second", "third"] {
            world.publish(one, subject).await;
        }
        world.publish(two, "neighbour").await;
        world.newest_in(DispatchStatus::Delivered).await;
        assert_eq!(open(&world).await, 1);
        assert_eq!(arrived(&site.postbox, "two"), ["neighbour"]);
        site.postbox.let_go();
        site.postbox.wait_for(4).await;
        assert_eq!(arrived(&site.postbox, "one"), ["first", "second", "third"]);
    });
}

/// Where the operator says that a provider has no limits, it is not held to them.
#[test]
fn without_pacing_a_lane_has_its_share() {
    block_on(async {
        let postbox = Postbox::default().one_by_one();
        let policy = Policy { unpaced: Arc::new(["postbox".to_owned()].into()), daily_limit: 0, ..Policy::default() };
        let settings = Settings { policy, max_integrations: 0, ..Settings::default() };
        let world = World::of(builder(Arc::new(MemoryStore::new()), &postbox).settings(settings), postbox).await;
        let integration = world.connect("one").await;
        let address = world.address("one", &[integration]).await;
        world.postbox.hang("one");
        for subject in ["first", "second", "third"] {
            world.publish(address, subject).await;
        }
        // A quarter of the eight slots.
        while open(&world).await < 2 {
            tokio::task::yield_now().await;
        }
        world.postbox.let_go();
        world.postbox.wait_for(3).await;
    });
}

/// A message that must wait for its turn goes out at its turn, though nothing else wakes the worker then.
#[test]
fn what_waits_for_its_turn_goes_at_its_turn() {
    block_on(async {
        let postbox = Postbox::default().paced(Rate { interval_millis: 100, burst: 1 }).one_by_one();
        let builder = builder(Arc::new(MemoryStore::new()), &postbox);
        let worker = WorkerConfig { sweep_every: HOUR, ..WorkerConfig::default() };
        let world = World::of(builder.worker(worker), postbox).await;
        let integration = world.connect("one").await;
        let address = world.address("one", &[integration]).await;
        world.postbox.hang("one");
        for subject in ["first", "second", "third"] {
            world.publish(address, subject).await;
        }
        world.postbox.let_go();
        world.postbox.wait_for(3).await;
        assert_eq!(arrived(&world.postbox, "one"), ["first", "second", "third"]);
    });
}

/// What piled up behind a pause goes out in order, and no faster than the service takes it.
#[test]
fn what_was_held_drains_in_order_and_without_a_burst() {
    block_on(async {
        const EVERY: Duration = Duration::from_secs(2);
        let site = Site::new(Postbox::default().paced(Rate { interval_millis: 2_000, burst: 1 }));
        let world = site.process(1).await;
        let integration = world.connect("one").await;
        let address = world.address("one", &[integration]).await;
        let wish = |status| IntegrationPatch { status: Some(status), ..IntegrationPatch::default() };
        world.platform.update_integration(world.organization, integration, wish(StatusWish::Paused)).await.unwrap();
        let subjects: Vec<_> = (0..6).map(|number| format!("mail {number}")).collect();
        for subject in &subjects {
            world.publish(address, subject).await;
            site.clock.advance(Duration::from_millis(1));
        }
        let held = Some(Reason::Hold(HoldReason::IntegrationPaused));
        while !world.dispatches().await.iter().all(|dispatch| dispatch.state.reason == held) {
            tokio::task::yield_now().await;
        }
        let times = Arc::new(Mutex::new(Vec::new()));
        let log = times.clone();
        site.postbox.answer_with(move |call| {
            log.lock().unwrap().push(call.now);
            None
        });
        world.platform.update_integration(world.organization, integration, wish(StatusWish::Active)).await.unwrap();
        for count in 1..=subjects.len() {
            site.postbox.wait_for(count).await;
            site.clock.advance(EVERY);
        }
        assert_eq!(arrived(&site.postbox, "one"), subjects);
        let times = times.lock().unwrap();
        for pair in times.windows(2) {
            let gap = integrations::core::elapsed(pair[0], pair[1]);
            assert!(gap >= EVERY, "two within {gap:?}: {times:?}");
        }
    });
}
