//! The queue in memory: the reference, and the embedded queue of a server that is one process.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use event_listener::Event;
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
    in_flight: usize,
    has_turn: bool,
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
            if matches!(held.place, Place::Reserved { .. }) || held.entry.due <= entry.due {
                return;
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

    fn schedule(&mut self, entry: QueueEntry) {
        self.scheduled.insert(order(&entry));
        self.entries.insert(entry.dispatch, Held { entry, place: Place::Scheduled });
    }

    /// Reserved entries whose lease has ended are due again.
    fn end_leases(&mut self, now: Timestamp, shares: Shares) {
        while let Some((until, dispatch)) = self.leases.first().copied().filter(|(until, _)| *until <= now) {
            self.leases.remove(&(until, dispatch));
            if let Some(held) = self.entries.remove(&dispatch) {
                self.leave_flight(&held.entry);
                self.give_turn(held.entry.organization, &held.entry.lane, shares);
                self.schedule(QueueEntry { due: now, ..held.entry });
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

    /// Takes the entry whose turn it is.
    fn take(&mut self, shares: Shares, lease_until: Timestamp) -> Option<QueueEntry> {
        let id = self.turns.pop_front()?;
        let organization = self.organizations.get_mut(&id)?;
        organization.has_turn = false;
        let lane_key = organization.turns.pop_front()?;
        let lane = organization.lanes.get_mut(&lane_key)?;
        lane.has_turn = false;
        let Some((.., dispatch)) = lane.ready.pop_first() else {
            // What was ready has been pushed again, into another lane.
            self.give_turn(id, &lane_key, shares);
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
            && lane.in_flight < lane_key.open().map_or(shares.lane, |open| open.min(shares.lane))
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
        if organization.lanes.get(lane_key).is_some_and(|lane| lane.in_flight == 0 && lane.ready.is_empty()) {
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

fn order(entry: &QueueEntry) -> Order {
    (entry.due, entry.sequence, entry.dispatch)
}
