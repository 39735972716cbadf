//! The failures of the system that this one was made after, each as a test that its design could not pass.

use std::time::Duration;

use integrations_core::{
    Clock as _, DeliveryError, DispatchStatus, FailReason, FailureKind, HoldReason, Rate, Reason, Settings, StatusWish,
    elapsed, memory::MemoryStore, rules::Policy,
};
use integrations_testkit::{fakes::Postbox, simulation::Simulation, suite::block_on};

const HOUR: Duration = Duration::from_secs(3_600);

fn settings(daily_limit: u32) -> Settings {
    Settings { policy: Policy { daily_limit, ..Policy::default() }, ..Settings::default() }
}

fn failure(kind: FailureKind) -> DeliveryError {
    DeliveryError::new(kind, "the service says no")
}

/// (a) Editing an address replaced its subscription rows, and with them vanished history and waiting notifications.
#[test]
fn a_editing_an_address_loses_nothing() {
    block_on(async {
        let platform = Simulation::new(settings(0));
        let org = platform.organization().await;
        let (one, two) = (platform.connect(org, "one").await, platform.connect(org, "two").await);
        let address = platform.address(org, "orders", &[one, two]).await;
        platform.publish(org, address, "delivered before").await;
        platform.run_for(Duration::ZERO).await;
        platform.set_status(org, one, StatusWish::Paused).await;
        platform.publish(org, address, "waits").await;
        platform.run_for(HOUR).await;

        platform.subscribe(org, address, &[one, two]).await;
        platform.subscribe(org, address, &[]).await;

        assert_eq!(platform.dispatches(org).await.len(), 4);
        platform.set_status(org, one, StatusWish::Active).await;
        platform.run_for(Duration::ZERO).await;
        assert_eq!(platform.arrived().len(), 4);
    });
}

/// (b) Deleting a mail or an overflowing inbox took the waiting notifications along. Here nothing short of deleting
/// the address or the integration ends a dispatch, and then its history stays and says so.
#[test]
fn b_history_outlives_what_it_is_about() {
    block_on(async {
        let platform = Simulation::new(settings(0));
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        platform.publish(org, address, "delivered before").await;
        platform.run_for(Duration::ZERO).await;
        platform.set_status(org, one, StatusWish::Paused).await;
        platform.publish(org, address, "waits").await;
        platform.run_for(Duration::ZERO).await;

        platform.platform.delete_address(org, address).await.unwrap();
        platform.platform.delete_integration(org, one).await.unwrap();

        let statuses: Vec<_> = platform.dispatches(org).await.iter().map(|dispatch| dispatch.state.status).collect();
        assert_eq!(statuses, [DispatchStatus::Canceled, DispatchStatus::Delivered]);
        let delivered = platform.dispatches(org).await.remove(1);
        assert_eq!(platform.platform.dispatch(org, delivered.id).await.unwrap().1.len(), 1);
    });
}

/// (c) The third failure sent a message to a queue that nobody read, hours before the end of its window.
#[test]
fn c_a_service_may_be_down_for_most_of_the_window() {
    block_on(async {
        let platform = Simulation::new(settings(0));
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        for _ in 0..15 {
            platform.postbox.fail_next(failure(FailureKind::Unavailable));
        }
        platform.publish(org, address, "Shipped").await;
        platform.run_for(HOUR * 6).await;
        let dispatch = platform.newest(org).await;
        assert_eq!((dispatch.state.status, dispatch.state.attempt_count), (DispatchStatus::Delivered, 16));

        for _ in 0..100 {
            platform.postbox.fail_next(failure(FailureKind::Unavailable));
        }
        platform.publish(org, address, "Never").await;
        platform.run_for(HOUR * 7).await;
        let dispatch = platform.newest(org).await;
        assert_eq!(dispatch.state.reason, Some(Reason::Fail(FailReason::RetryWindowExceeded)));
    });
}

/// (d) A worker that died left its work `processing` for ever, or `pending` if it died before the queue was told.
#[test]
fn d_a_crash_leaves_nothing_stuck() {
    block_on(async {
        let mut platform = Simulation::new(settings(0)).through_the_queue();
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        platform.publish(org, address, "open at the crash").await;
        let taken = platform.platform.take(1).await.unwrap();
        assert_eq!(taken.attempts.len(), 1);
        platform.publish(org, address, "never told to the queue").await;

        platform.restart().await;
        platform.run_for(Duration::ZERO).await;
        assert_eq!(platform.arrived(), ["open at the crash", "never told to the queue"]);

        // The worker was not dead but slow: what it says now changes nothing.
        let late = platform.platform.report(&taken.attempts[0], Err(failure(FailureKind::Rejected)));
        platform.platform.settle(&[late]).await.unwrap();
        let statuses = platform.dispatches(org).await.into_iter().map(|dispatch| dispatch.state.status);
        assert!(statuses.eq([DispatchStatus::Delivered; 2]));
    });
}

/// (e) A replay more than six hours after the mail was refused without an attempt, and what waited could be neither
/// replayed nor canceled.
#[test]
fn e_a_replay_opens_a_window_of_its_own() {
    block_on(async {
        let platform = Simulation::new(settings(0));
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        platform.postbox.fail_next(failure(FailureKind::Rejected));
        platform.publish(org, address, "Shipped").await;
        platform.run_for(HOUR * 24 * 30).await;
        let failed = platform.newest(org).await;
        assert_eq!(failed.state.status, DispatchStatus::Failed);

        platform.postbox.fail_next(failure(FailureKind::Unavailable));
        platform.platform.replay_dispatch(org, failed.id).await.unwrap();
        platform.run_for(HOUR).await;
        let delivered = platform.newest(org).await;
        assert_eq!((delivered.state.status, delivered.state.attempt_count), (DispatchStatus::Delivered, 3));

        platform.set_status(org, one, StatusWish::Paused).await;
        platform.publish(org, address, "Waits").await;
        platform.run_for(HOUR).await;
        let waiting = platform.newest(org).await;
        let canceled = platform.platform.cancel_dispatch(org, waiting.id).await.unwrap();
        assert_eq!(canceled.state.status, DispatchStatus::Canceled);
    });
}

/// (f) What was over the daily limit was mostly lost, and every retry used up some of it.
#[test]
fn f_the_daily_limit_delays_and_retries_are_free() {
    block_on(async {
        let platform = Simulation::new(settings(2));
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        for _ in 0..5 {
            platform.postbox.fail_next(failure(FailureKind::Unavailable));
        }
        for number in 1..=5 {
            platform.publish(org, address, &number.to_string()).await;
        }
        platform.run_for(HOUR).await;
        let mut arrived = platform.arrived();
        arrived.sort();
        assert_eq!(arrived, ["1", "2"]);
        let waiting = platform.newest(org).await;
        assert_eq!(waiting.state.reason, Some(Reason::Hold(HoldReason::DailyLimit)));
        assert_eq!(waiting.state.attempt_count, 0);

        platform.run_for(HOUR * 24).await;
        assert_eq!(platform.arrived()[2..], ["3", "4"]);
        platform.run_for(HOUR * 24).await;
        assert_eq!(platform.arrived()[4..], ["5"]);
    });
}

/// (g) The service's own wait was stored and not obeyed, and bursts went out as fast as they came.
#[test]
fn g_the_service_sets_the_pace() {
    block_on(async {
        let postbox = Postbox::default().paced(Rate::new(1_000, 3));
        let platform = Simulation::on(std::sync::Arc::new(MemoryStore::new()), postbox, settings(0));
        let org = platform.organization().await;
        let one = platform.connect(org, "one").await;
        let address = platform.address(org, "orders", &[one]).await;
        let wait = Duration::from_secs(2_282);
        let flood = failure(FailureKind::Throttled).with_retry_after(Some(wait));
        platform.postbox.fail_next(flood);
        platform.publish(org, address, "1").await;
        platform.work().await;
        for number in 2..=6 {
            platform.publish(org, address, &number.to_string()).await;
        }
        let start = platform.now();
        platform.run_for(wait - Duration::from_millis(1)).await;
        assert!(platform.arrived().is_empty());

        // A burst of three, then one a second, in order.
        platform.run_for(Duration::from_millis(1)).await;
        assert_eq!(platform.arrived(), ["1", "2", "3"]);
        platform.run_for(Duration::from_secs(2)).await;
        assert_eq!(platform.arrived(), ["1", "2", "3", "4", "5"]);
        platform.run_for(Duration::from_secs(1)).await;
        assert_eq!(platform.arrived().len(), 6);
        assert_eq!(elapsed(start, platform.clock.now()), wait + Duration::from_secs(3));
    });
}
