//! What is pushed waits for its turn, and is given to one worker at a time.

use std::{collections::BTreeSet, time::Duration};

use integrations_core::{Finished, LaneKey, QueueEntry, later};
use jiff::Timestamp;

use super::{Entries, LEASE, MOMENT, QueueHarness, SHARES, forget, ids, take};
use crate::suite::suite;

suite! { $
    queue_waiting in queue::waiting for QueueHarness {
        /// Nothing in, nothing out.
        async fn an_empty_queue_gives_nothing(harness) {
            assert!(take(&harness.queue(), 10).await.is_empty());
        }

        /// An entry comes back as it went in, and while it is reserved nobody else gets it.
        async fn a_due_entry_is_given_to_one(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            assert_eq!(queue.reserve(10).await.unwrap().entries, [entry]);
            assert!(take(&queue, 10).await.is_empty());
        }

        /// What is not due is not given, and the reservation says when to come again.
        async fn an_entry_waits_until_it_is_due(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let mut entry = new.due(new.organization(), "a");
            entry.due = later(entry.due, MOMENT);
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            let reservation = queue.reserve(10).await.unwrap();
            assert!(reservation.entries.is_empty());
            let wait = integrations_core::elapsed(harness.now(), reservation.next_due.unwrap());
            assert!(wait <= MOMENT, "{wait:?}");
            harness.pass(MOMENT * 2).await;
            assert_eq!(take(&queue, 10).await, [entry.dispatch]);
        }

        /// The sweeper pushes what is there already, again and again.
        async fn pushing_twice_is_one_entry(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            queue.push(&[entry.clone(), entry.clone()]).await.unwrap();
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            assert_eq!(take(&queue, 10).await, [entry.dispatch]);
            forget(&queue, &[entry.dispatch]).await;
            assert!(take(&queue, 10).await.is_empty());
        }

        /// A dispatch that is released early must not wait for its old time, and one that is due must not be put off.
        async fn the_earlier_time_wins(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let soon = new.due(new.organization(), "a");
            let late = QueueEntry { due: later(soon.due, Duration::from_secs(3_600)), ..soon.clone() };
            queue.push(std::slice::from_ref(&late)).await.unwrap();
            queue.push(std::slice::from_ref(&soon)).await.unwrap();
            queue.push(std::slice::from_ref(&late)).await.unwrap();
            assert_eq!(take(&queue, 10).await, [soon.dispatch]);
        }

        /// It wins, too, among entries that are due and wait for room in their lane.
        async fn the_earlier_time_wins_among_what_is_due(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entries = new.many(SHARES.lane + 2, new.organization(), "a");
            queue.push(&entries).await.unwrap();
            let taken = take(&queue, 10).await;
            let mut last = entries[SHARES.lane + 1].clone();
            last.due = Timestamp::from_millisecond(last.due.as_millisecond() - 5).unwrap();
            queue.push(std::slice::from_ref(&last)).await.unwrap();
            forget(&queue, &taken).await;
            assert_eq!(take(&queue, 1).await, [last.dispatch]);
        }

        /// Its integration has moved to another destination, and a sweep pushes it while its old lane has a turn.
        async fn what_is_ready_can_move_to_another_lane(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let [first, second] = [new.due(organization, "old"), new.due(organization, "old")];
            queue.push(&[first.clone(), second.clone()]).await.unwrap();
            assert_eq!(take(&queue, 1).await, [first.dispatch]);
            let due = Timestamp::from_millisecond(second.due.as_millisecond() - 5).unwrap();
            let moved = QueueEntry { due, lane: new.due(organization, "new").lane, ..second.clone() };
            queue.push(&[moved]).await.unwrap();
            forget(&queue, &[first.dispatch]).await;
            assert_eq!(take(&queue, 10).await, [second.dispatch]);
        }

        /// A lane that has ended while it had a turn keeps nobody else from theirs.
        async fn a_turn_of_nothing_costs_nobody_theirs(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let [first, second] = [new.due(organization, "a"), new.due(organization, "a")];
            queue.push(&[first.clone(), second.clone()]).await.unwrap();
            assert_eq!(take(&queue, 1).await, [first.dispatch]);
            let due = Timestamp::from_millisecond(second.due.as_millisecond() - 5).unwrap();
            queue.push(&[QueueEntry { due, ..second.clone() }]).await.unwrap();
            forget(&queue, &[first.dispatch]).await;
            assert_eq!(take(&queue, 1).await, [second.dispatch]);
            forget(&queue, &[second.dispatch]).await;
            let elsewhere = new.due(new.organization(), "a");
            queue.push(std::slice::from_ref(&elsewhere)).await.unwrap();
            assert_eq!(take(&queue, 10).await, [elsewhere.dispatch]);
        }

        /// A sweep that is late must not give the same work to a second worker.
        async fn pushing_what_is_reserved_changes_nothing(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            assert_eq!(take(&queue, 10).await, [entry.dispatch]);
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            assert!(take(&queue, 10).await.is_empty());
            forget(&queue, &[entry.dispatch]).await;
            assert!(take(&queue, 10).await.is_empty());
        }

        /// An entry that is finished for now comes again at its new time.
        async fn a_finished_entry_can_come_again(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            take(&queue, 10).await;
            let again_at = Some(later(harness.now(), MOMENT));
            queue.finish(&[Finished { dispatch: entry.dispatch, again_at }]).await.unwrap();
            assert!(take(&queue, 10).await.is_empty());
            harness.pass(MOMENT * 2).await;
            assert_eq!(take(&queue, 10).await, [entry.dispatch]);
        }

        /// Finishing what is not there is what a late worker does.
        async fn finishing_an_unknown_entry_changes_nothing(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let (known, unknown) = (new.due(new.organization(), "a"), new.due(new.organization(), "b"));
            queue.push(std::slice::from_ref(&known)).await.unwrap();
            forget(&queue, &[unknown.dispatch, known.dispatch]).await;
            assert_eq!(take(&queue, 10).await, [known.dispatch]);
        }

        /// A chat shows messages in the order in which they came.
        async fn a_lane_is_in_order_of_due_time_then_sequence(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let (second, third) = (new.due(organization, "a"), new.due(organization, "a"));
            let mut first = new.due(organization, "a");
            first.due = Timestamp::from_millisecond(first.due.as_millisecond() - 5).unwrap();
            queue.push(&[third.clone(), first.clone(), second.clone()]).await.unwrap();
            for expected in [first, second, third] {
                let taken = take(&queue, 1).await;
                assert_eq!(taken, [expected.dispatch]);
                forget(&queue, &taken).await;
            }
        }

        /// One organization's thousand entries do not stand before another's one.
        async fn organizations_take_turns(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let (loud, quiet) = (new.organization(), new.organization());
            let many = new.many(1_000, loud, "a");
            let one = new.due(quiet, "a");
            queue.push(&many).await.unwrap();
            queue.push(std::slice::from_ref(&one)).await.unwrap();
            assert!(take(&queue, 2).await.contains(&one.dispatch));
        }

        /// Within an organization, a busy chat does not stand before a quiet one.
        async fn lanes_take_turns(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let many = new.many(1_000, organization, "busy");
            let one = new.due(organization, "quiet");
            queue.push(&many).await.unwrap();
            queue.push(std::slice::from_ref(&one)).await.unwrap();
            assert!(take(&queue, 2).await.contains(&one.dispatch));
        }

        /// A target that hangs holds no more than its lane's share.
        async fn a_lane_has_no_more_in_flight_than_its_share(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entries = new.many(5, new.organization(), "a");
            queue.push(&entries).await.unwrap();
            let taken = take(&queue, 10).await;
            assert_eq!(taken, ids(&entries[..SHARES.lane]));
            assert!(take(&queue, 10).await.is_empty());
            forget(&queue, &taken[..1]).await;
            assert_eq!(take(&queue, 10).await, [entries[SHARES.lane].dispatch]);
        }

        /// What a lane allows by itself holds below its share, and not above it.
        async fn a_lane_has_no_more_in_flight_than_it_allows(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let named = |entries: Vec<QueueEntry>, limit: usize| {
                let name = |lane: LaneKey| LaneKey::from_stored(format!("{limit}#{}", lane.as_str()));
                entries.into_iter().map(|entry| QueueEntry { lane: name(entry.lane.clone()), ..entry }).collect::<Vec<_>>()
            };
            let one_by_one = named(new.many(3, new.organization(), "a#b"), 1);
            queue.push(&one_by_one).await.unwrap();
            for entry in &one_by_one {
                let taken = take(&queue, 10).await;
                assert_eq!(taken, [entry.dispatch]);
                assert!(take(&queue, 10).await.is_empty());
                forget(&queue, &taken).await;
            }
            queue.push(&named(new.many(SHARES.lane + 1, new.organization(), "c"), 100)).await.unwrap();
            assert_eq!(take(&queue, 10).await.len(), SHARES.lane);
        }

        /// A tenant whose targets all hang leaves room for others.
        async fn an_organization_has_no_more_in_flight_than_its_share(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let organization = new.organization();
            let entries: Vec<_> = (0..6).map(|lane| new.due(organization, &lane.to_string())).collect();
            queue.push(&entries).await.unwrap();
            let taken = take(&queue, 10).await;
            assert_eq!(taken.len(), SHARES.organization);
            assert!(take(&queue, 10).await.is_empty());
            forget(&queue, &taken).await;
            assert_eq!(take(&queue, 10).await.len(), SHARES.organization);
        }

        /// A worker that died keeps nothing.
        async fn reserved_work_comes_back_when_its_lease_ends(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entries = new.many(3, new.organization(), "a");
            queue.push(&entries).await.unwrap();
            assert_eq!(take(&queue, 10).await, ids(&entries[..2]));
            harness.pass(LEASE * 2).await;
            let again: BTreeSet<_> = take(&queue, 10).await.into_iter().collect();
            assert_eq!(again.len(), SHARES.lane);
            forget(&queue, &again.iter().copied().collect::<Vec<_>>()).await;
            let rest = take(&queue, 10).await;
            forget(&queue, &rest).await;
            let all: BTreeSet<_> = again.into_iter().chain(rest).chain(take(&queue, 10).await).collect();
            assert_eq!(all, ids(&entries).into_iter().collect());
        }

        /// A message goes out at once, not at the next look.
        async fn a_push_wakes_who_waits(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            take(&queue, 1).await;
            let waiting = tokio::spawn({
                let queue = queue.clone();
                async move { queue.pushed().await }
            });
            tokio::task::yield_now().await;
            queue.push(std::slice::from_ref(&entry)).await.unwrap();
            waiting.await.unwrap();
            assert_eq!(take(&queue, 1).await, [entry.dispatch]);
        }

        /// Between a reservation that found nothing and the wait there is time for a push.
        async fn a_push_before_the_wait_is_not_missed(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let entry = new.due(new.organization(), "a");
            take(&queue, 1).await;
            queue.push(&[entry]).await.unwrap();
            queue.pushed().await;
        }

        /// Workers side by side never get the same.
        async fn every_entry_is_given_exactly_once(harness) {
            let (queue, mut new) = (harness.queue(), Entries::new(harness));
            let mut entries = Vec::new();
            for organization in 0..40 {
                let id = new.organization();
                for lane in 0..5 {
                    entries.extend(new.many(10, id, &format!("{organization}/{lane}")));
                }
            }
            queue.push(&entries).await.unwrap();
            let workers: Vec<_> = (0..4).map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut given = Vec::new();
                    loop {
                        let taken = take(&queue, 7).await;
                        if taken.is_empty() {
                            return given;
                        }
                        forget(&queue, &taken).await;
                        given.extend(taken);
                    }
                })
            }).collect();
            let mut given = Vec::new();
            for worker in workers {
                given.extend(worker.await.unwrap());
            }
            // A worker may have found nothing while the others held the shares.
            loop {
                let taken = take(&queue, 100).await;
                if taken.is_empty() {
                    break;
                }
                forget(&queue, &taken).await;
                given.extend(taken);
            }
            assert_eq!(given.len(), entries.len());
            assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), ids(&entries).into_iter().collect());
        }
    }
}
