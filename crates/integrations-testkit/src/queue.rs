//! What every queue must do.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use integrations_core::{
    DispatchId, DispatchQueue, EventId, Finished, IntegrationId, LaneKey, OrganizationId, QueueEntry, Shares, later,
};
use jiff::Timestamp;

use crate::{
    clock::{ManualClock, SeqEntropy},
    suite::suite,
};

/// What an adapter supplies: a fresh, empty queue of its own for each test.
pub trait QueueHarness: Send + Sync {
    /// The queue, with [`SHARES`] and [`LEASE`].
    fn queue(&self) -> Arc<dyn DispatchQueue>;

    /// The queue's time.
    fn now(&self) -> Timestamp;

    /// Lets time pass: a manual clock is set forward, a real one waited for.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// The shares that the queue of a harness has.
pub const SHARES: Shares = Shares { lane: 2, organization: 3 };

/// The lease that the queue of a harness gives.
pub const LEASE: Duration = Duration::from_millis(1_500);

/// A moment that passes also in real time.
const MOMENT: Duration = Duration::from_millis(300);

struct Entries {
    entropy: SeqEntropy,
    clock: ManualClock,
    now: Timestamp,
    sequence: u64,
}

impl Entries {
    fn new(harness: &impl QueueHarness) -> Self {
        Self { entropy: SeqEntropy::default(), clock: ManualClock::default(), now: harness.now(), sequence: 0 }
    }

    fn organization(&self) -> OrganizationId {
        OrganizationId::generate(&self.clock, &self.entropy)
    }

    /// An entry that has just become due.
    fn due(&mut self, organization: OrganizationId, lane: &str) -> QueueEntry {
        self.sequence += 1;
        let event = EventId::generate(&self.clock, &self.entropy);
        let integration = IntegrationId::generate(&self.clock, &self.entropy);
        QueueEntry {
            dispatch: DispatchId::derive(event, integration),
            organization,
            lane: LaneKey::from_stored(format!("{organization}/{lane}")),
            due: self.now,
            sequence: self.sequence,
        }
    }

    fn many(&mut self, count: usize, organization: OrganizationId, lane: &str) -> Vec<QueueEntry> {
        (0..count).map(|_| self.due(organization, lane)).collect()
    }
}

async fn take(queue: &Arc<dyn DispatchQueue>, max: usize) -> Vec<DispatchId> {
    queue.reserve(max).await.unwrap().entries.into_iter().map(|entry| entry.dispatch).collect()
}

async fn forget(queue: &Arc<dyn DispatchQueue>, dispatches: &[DispatchId]) {
    let finished: Vec<_> = dispatches.iter().map(|id| Finished { dispatch: *id, again_at: None }).collect();
    queue.finish(&finished).await.unwrap();
}

fn ids(entries: &[QueueEntry]) -> Vec<DispatchId> {
    entries.iter().map(|entry| entry.dispatch).collect()
}

suite! { $
    queue_conformance in queue for QueueHarness {
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
