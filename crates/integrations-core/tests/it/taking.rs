//! What is told to whoever takes work without the bundled worker.

use std::sync::Arc;

use integrations_core::{Rate, Settings, memory::MemoryStore};
use integrations_testkit::{fakes::Postbox, simulation::Simulation, suite::block_on};

/// A message that is given back to wait for its turn is known to the queue only after it was asked.
#[test]
fn who_takes_work_comes_again_for_what_waits_for_its_turn() {
    block_on(async {
        let postbox = Postbox::default().paced(Rate { interval_millis: 1_000, burst: 1 });
        let platform = Simulation::on(Arc::new(MemoryStore::new()), postbox, Settings::default()).through_the_queue();
        let organization = platform.organization().await;
        let integration = platform.connect(organization, "one").await;
        let address = platform.address(organization, "orders", &[integration]).await;
        platform.publish(organization, address, "first").await;
        platform.publish(organization, address, "second").await;
        let taken = platform.platform.take(2).await.unwrap();
        assert_eq!((taken.attempts.len(), taken.next_due), (1, Some(platform.now())));
        let taken = platform.platform.take(2).await.unwrap();
        assert!(taken.attempts.is_empty() && taken.next_due > Some(platform.now()), "{:?}", taken.next_due);
    });
}
