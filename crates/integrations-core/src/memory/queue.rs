//! The queue in memory: the reference, and the embedded queue of a server that is one process.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use event_listener::Event;
use foldhash::HashMap;
use jiff::Timestamp;

use crate::{
    Clock, DispatchId, DispatchQueue, Finished, LaneKey, OrganizationId, QueueEntry, QueueError, Reservation, Shares,
    later,
};

/// A queue in the memory of this process. What it forgets when the process ends, a sweep brings back.
pub struct MemoryQueue {
    clock: Arc<dyn Clock>,
    shares: Shares,
    lease: Duration,
    state: Mutex<State>,
    event: Event,
}

/// By due time, then by order of acceptance.
type Order = (Timestamp, u64, DispatchId);

#[derive(Default)]
struct State {
    entries: HashMap<DispatchId, Held>,
    scheduled: BTreeSet<Order>,
    leases: BTreeSet<(Timestamp, DispatchId)>,
    organizations: HashMap<OrganizationId, Organization>,
    /// The organizations that have something to give, in the order of their turns.
    turns: VecDeque<OrganizationId>,
    pushed: bool,
}

struct Held {
    entry: QueueEntry,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    Scheduled,
    Ready,
    Reserved { until: Timestamp },
    Expected { until: Timestamp },
}

#[derive(Default)]
struct Organization {
    lanes: HashMap<LaneKey, Lane>,
    turns: VecDeque<LaneKey>,
    in_flight: usize,
    has_turn: bool,
}

#[derive(Default)]
struct Lane {
    ready: BTreeSet<Order>,
    expected: usize,
    in_flight: usize,
    has_turn: bool,
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.in_flight == 0 && self.expected == 0 && self.ready.is_empty()
    }
}

impl MemoryQueue {
    /// An empty queue. What is reserved and not finished within `lease` is given out again.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, shares: Shares, lease: Duration) -> Self {
        Self { clock, shares, lease, state: Mutex::default(), event: Event::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change leaves the state whole, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl DispatchQueue for MemoryQueue {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut state = self.lock();
        for entry in entries {
            state.push(entry);
        }
        state.pushed = true;
        drop(state);
        self.event.notify(usize::MAX);
        Ok(())
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        let now = self.clock.now();
        let mut state = self.lock();
        state.pushed = false;
        state.end_leases(now, self.shares);
        state.ready(now, self.shares);
        let mut entries = Vec::new();
        while entries.len() < max
            && let Some(entry) = state.take(self.shares, later(now, self.lease))
        {
            entries.push(entry);
        }
        Ok(Reservation { entries, next_due: state.next_due() })
    }

    fn reserve_new(&self, entry: &QueueEntry) -> bool {
        let now = self.clock.now();
        self.lock().reserve_new(entry, now, self.shares, later(now, self.lease))
    }

    fn expect_new(&self, entry: &QueueEntry) {
        self.lock().expect_new(entry, later(self.clock.now(), self.lease));
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        let mut state = self.lock();
        for finished in finished {
            state.finish(*finished, self.shares);
        }
        Ok(())
    }

    async fn pushed(&self) {
        loop {
            let listener = self.event.listen();
            if self.lock().pushed {
                return;
            }
            listener.await;
        }
    }
}

impl State {
    fn push(&mut self, entry: &QueueEntry) {
        if let Some(held) = self.entries.get(&entry.dispatch) {
            match held.place {
                Place::Expected { until } => return self.arrive(entry, until),
                Place::Reserved { .. } => return,
                Place::Scheduled | Place::Ready if held.entry.due <= entry.due => return,
                Place::Scheduled | Place::Ready => {}
            }
            let old = order(&held.entry);
            self.scheduled.remove(&old);
            let organization = self.organizations.get_mut(&held.entry.organization);
            if let Some(lane) = organization.and_then(|organization| organization.lanes.get_mut(&held.entry.lane)) {
                lane.ready.remove(&old);
            }
        }
        self.schedule(entry.clone());
    }

    /// What was expected is pushed, perhaps into another lane.
    fn arrive(&mut self, entry: &QueueEntry, until: Timestamp) {
        self.leases.remove(&(until, entry.dispatch));
        if let Some(Held { entry: expected, .. }) = self.entries.remove(&entry.dispatch) {
            self.expect_no_more(&expected);
            self.forget_empty(expected.organization, &expected.lane);
        }
        self.schedule(entry.clone());
    }

    fn schedule(&mut self, entry: QueueEntry) {
        self.scheduled.insert(order(&entry));
        self.entries.insert(entry.dispatch, Held { entry, place: Place::Scheduled });
    }

    /// Reserved entries whose lease has ended are due again; expected ones are not expected any more.
    fn end_leases(&mut self, now: Timestamp, shares: Shares) {
        while let Some((until, dispatch)) = self.leases.first().copied().filter(|(until, _)| *until <= now) {
            self.leases.remove(&(until, dispatch));
            let Some(Held { entry, place }) = self.entries.remove(&dispatch) else { continue };
            if let Place::Expected { .. } = place {
                self.expect_no_more(&entry);
                self.forget_empty(entry.organization, &entry.lane);
            } else {
                self.leave_flight(&entry);
                self.give_turn(entry.organization, &entry.lane, shares);
                self.schedule(QueueEntry { due: now, ..entry });
            }
        }
    }

    /// Scheduled entries that are due get ready in their lanes.
    fn ready(&mut self, now: Timestamp, shares: Shares) {
        while let Some(first) = self.scheduled.first().copied().filter(|(due, ..)| *due <= now) {
            self.scheduled.remove(&first);
            let Some(held) = self.entries.get_mut(&first.2) else { continue };
            held.place = Place::Ready;
            let (organization, lane) = (held.entry.organization, held.entry.lane.clone());
            let lanes = &mut self.organizations.entry(organization).or_default().lanes;
            lanes.entry(lane.clone()).or_default().ready.insert(first);
            self.give_turn(organization, &lane, shares);
        }
    }

    /// Expects an entry that is not there yet.
    fn expect_new(&mut self, entry: &QueueEntry, until: Timestamp) {
        if self.entries.contains_key(&entry.dispatch) {
            return;
        }
        let organization = self.organizations.entry(entry.organization).or_default();
        organization.lanes.entry(entry.lane.clone()).or_default().expected += 1;
        self.leases.insert((until, entry.dispatch));
        self.entries.insert(entry.dispatch, Held { entry: entry.clone(), place: Place::Expected { until } });
    }

    fn expect_no_more(&mut self, entry: &QueueEntry) {
        let organization = self.organizations.get_mut(&entry.organization);
        if let Some(lane) = organization.and_then(|organization| organization.lanes.get_mut(&entry.lane)) {
            lane.expected = lane.expected.saturating_sub(1);
        }
    }

    /// Takes an entry that is not there yet, if all that is ready is kept back by shares.
    fn reserve_new(&mut self, entry: &QueueEntry, now: Timestamp, shares: Shares, lease_until: Timestamp) -> bool {
        self.end_leases(now, shares);
        self.ready(now, shares);
        if entry.due > now || !self.turns.is_empty() || self.entries.contains_key(&entry.dispatch) {
            return false;
        }
        if !self.has_room(entry, shares) {
            return false;
        }
        let organization = self.organizations.entry(entry.organization).or_default();
        organization.in_flight += 1;
        organization.lanes.entry(entry.lane.clone()).or_default().in_flight += 1;
        self.leases.insert((lease_until, entry.dispatch));
        let place = Place::Reserved { until: lease_until };
        self.entries.insert(entry.dispatch, Held { entry: entry.clone(), place });
        true
    }

    /// Whether one more entry may be in flight, and none of its lane is ready or expected.
    fn has_room(&self, entry: &QueueEntry, shares: Shares) -> bool {
        let Some(organization) = self.organizations.get(&entry.organization) else { return true };
        let lane_has_room = organization.lanes.get(&entry.lane).is_none_or(|lane| {
            lane.ready.is_empty() && lane.expected == 0 && lane.in_flight < lane_share(&entry.lane, shares)
        });
        organization.in_flight < shares.organization && lane_has_room
    }

    /// Takes the entry whose turn it is.
    fn take(&mut self, shares: Shares, lease_until: Timestamp) -> Option<QueueEntry> {
        let id = self.turns.pop_front()?;
        let organization = self.organizations.get_mut(&id)?;
        organization.has_turn = false;
        let lane_key = organization.turns.pop_front()?;
        let lane = organization.lanes.entry(lane_key.clone()).or_default();
        lane.has_turn = false;
        let Some((.., dispatch)) = lane.ready.pop_first() else {
            // What was ready has been pushed again, into another lane, or its lane has been forgotten since.
            self.give_turn(id, &lane_key, shares);
            self.forget_empty(id, &lane_key);
            return self.take(shares, lease_until);
        };
        lane.in_flight += 1;
        organization.in_flight += 1;
        let held = self.entries.get_mut(&dispatch)?;
        held.place = Place::Reserved { until: lease_until };
        let entry = held.entry.clone();
        self.leases.insert((lease_until, dispatch));
        self.give_turn(id, &lane_key, shares);
        Some(entry)
    }

    fn finish(&mut self, finished: Finished, shares: Shares) {
        let Some(Held { place: Place::Reserved { until }, .. }) = self.entries.get(&finished.dispatch) else { return };
        self.leases.remove(&(*until, finished.dispatch));
        let Some(held) = self.entries.remove(&finished.dispatch) else { return };
        self.leave_flight(&held.entry);
        self.give_turn(held.entry.organization, &held.entry.lane, shares);
        self.forget_empty(held.entry.organization, &held.entry.lane);
        if let Some(due) = finished.again_at {
            self.schedule(QueueEntry { due, ..held.entry });
        }
    }

    fn leave_flight(&mut self, entry: &QueueEntry) {
        if let Some(organization) = self.organizations.get_mut(&entry.organization) {
            organization.in_flight = organization.in_flight.saturating_sub(1);
            if let Some(lane) = organization.lanes.get_mut(&entry.lane) {
                lane.in_flight = lane.in_flight.saturating_sub(1);
            }
        }
    }

    /// Lets the lane, and any other that its organization has ready, take part again as far as the shares allow.
    fn give_turn(&mut self, id: OrganizationId, lane_key: &LaneKey, shares: Shares) {
        let Some(organization) = self.organizations.get_mut(&id) else { return };
        if let Some(lane) = organization.lanes.get_mut(lane_key)
            && !lane.has_turn
            && !lane.ready.is_empty()
            && lane.in_flight < lane_share(lane_key, shares)
        {
            lane.has_turn = true;
            organization.turns.push_back(lane_key.clone());
        }
        if !organization.has_turn && !organization.turns.is_empty() && organization.in_flight < shares.organization {
            organization.has_turn = true;
            self.turns.push_back(id);
        }
    }

    /// Lanes and organizations without entries are not kept, so that memory follows the work.
    fn forget_empty(&mut self, id: OrganizationId, lane_key: &LaneKey) {
        let Some(organization) = self.organizations.get_mut(&id) else { return };
        if organization.lanes.get(lane_key).is_some_and(Lane::is_empty) {
            organization.lanes.remove(lane_key);
        }
        if organization.lanes.is_empty() && !organization.has_turn {
            self.organizations.remove(&id);
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        let scheduled = self.scheduled.first().map(|(due, ..)| *due);
        let leases = self.leases.first().map(|(until, _)| *until);
        scheduled.into_iter().chain(leases).min()
    }
}

/// How much of a lane may be in flight.
fn lane_share(lane: &LaneKey, shares: Shares) -> usize {
    lane.open().map_or(shares.lane, |open| open.min(shares.lane))
}

fn order(entry: &QueueEntry) -> Order {
    (entry.due, entry.sequence, entry.dispatch)
}
