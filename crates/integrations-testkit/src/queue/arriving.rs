//! What is just being accepted may be reserved at once, past nobody. A queue that cannot say so without waiting always says
//! no, and has nothing to show here.

use std::time::Duration;

use integrations_core::{QueueEntry, later};

use super::{Entries, LEASE, QueueHarness, SHARES, forget, take};
use crate::suite::suite;

suite! { $
    queue_arriving in queue::arriving for QueueHarness {
        /// What has just been accepted need not wait, and is reserved like anything else. A queue that cannot say so
        /// without waiting always says no.
        async fn what_is_new_can_be_reserved_at_once(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            if !queue.reserve_new(&entry) {
                assert!(take(&queue, 10).await.is_empty(), "it said no, and took it");
                return;
            }
            assert!(!queue.reserve_new(&entry), "it was reserved twice");
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            assert!(take(&queue, 10).await.is_empty());
            harness.pass(LEASE * 2).await;
            assert_eq!(take(&queue, 10).await, [entry.dispatch]);
            forget(&queue, &[entry.dispatch]).await;
            harness.pass(LEASE * 2).await;
            assert!(take(&queue, 10).await.is_empty());
        }

        /// It counts for the shares, and ends like anything else.
        async fn what_is_reserved_at_once_keeps_to_the_shares(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let (lane, others) = (new.many(SHARES.lane + 1, organization, "a"), new.many(SHARES.organization, organization, "b"));
            if !queue.reserve_new(&lane[0]) {
                return;
            }
            assert!(lane[1..SHARES.lane].iter().all(|entry| queue.reserve_new(entry)));
            assert!(!queue.reserve_new(&lane[SHARES.lane]), "the lane has its share");
            let room = SHARES.organization - SHARES.lane;
            assert!(others[..room].iter().all(|entry| queue.reserve_new(entry)));
            assert!(!queue.reserve_new(&others[room]), "the organization has its share");
            let elsewhere = new.due(new.organization(), "a");
            assert!(queue.reserve_new(&elsewhere));
            queue.push(&[others[room].clone()]).await.unwrap();
            assert!(take(&queue, 10).await.is_empty());
            forget(&queue, &[lane[0].dispatch]).await;
            assert_eq!(take(&queue, 10).await, [others[room].dispatch]);
        }

        /// Nobody is overtaken: where something waits for its turn, what is new waits behind it, and nothing is early.
        async fn what_is_reserved_at_once_overtakes_nobody(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let waiting = new.due(organization, "a");
            queue.push(std::slice::from_ref(&waiting)).await.unwrap();
            let (same, other) = (new.due(organization, "a"), new.due(new.organization(), "a"));
            assert!(!queue.reserve_new(&same) && !queue.reserve_new(&other));
            assert_eq!(take(&queue, 1).await, [waiting.dispatch]);
            let mut early = new.due(new.organization(), "a");
            early.due = later(early.due, Duration::from_secs(3_600));
            assert!(!queue.reserve_new(&early));
            let behind = new.many(SHARES.lane, organization, "a");
            queue.push(&behind).await.unwrap();
            take(&queue, 1).await;
            assert!(!queue.reserve_new(&same), "its lane has no room, and something waits there");
        }

        /// Between its acceptance and its push a newer message must not overtake it.
        async fn what_is_expected_goes_first(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let (first, second, other) = (new.due(organization, "a"), new.due(organization, "a"), new.due(organization, "b"));
            queue.expect_new(&first);
            assert!(take(&queue, 10).await.is_empty());
            if !queue.reserve_new(&other) {
                return;
            }
            assert!(!queue.reserve_new(&second), "it overtook what is expected");
            queue.push(&[first.clone(), second.clone()]).await.unwrap();
            assert_eq!(take(&queue, 10).await, [first.dispatch, second.dispatch]);
            forget(&queue, &[first.dispatch, second.dispatch, other.dispatch]).await;

            // A push that never comes is not waited for.
            let (lost, next) = (new.due(organization, "a"), new.due(organization, "a"));
            queue.expect_new(&lost);
            harness.pass(LEASE * 2).await;
            assert!(queue.reserve_new(&next));
            assert!(take(&queue, 10).await.is_empty());
        }

        /// Its integration moves before the push, so that it comes into another lane: the old one waits for nothing more.
        async fn what_is_expected_can_come_into_another_lane(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let [expected, next] = [new.due(organization, "old"), new.due(organization, "old")];
            queue.expect_new(&expected);
            let moved = QueueEntry { lane: new.due(organization, "new").lane, ..expected.clone() };
            queue.push(&[moved]).await.unwrap();
            assert_eq!(take(&queue, 10).await, [expected.dispatch]);
            if queue.reserve_new(&new.due(organization, "elsewhere")) {
                assert!(queue.reserve_new(&next), "its lane waits for what has come already");
            }
        }
    }
}
