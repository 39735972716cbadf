//! One bad target or tenant delays nobody else.

use integrations::core::{DeliveryError, FailureKind};
use integrations_testkit::suite::block_on;

use crate::world::World;

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
