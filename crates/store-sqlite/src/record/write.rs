//! The rows of new events and their dispatches.

use std::sync::Arc;

use integrations_core::{DispatchId, DispatchState, DispatchStatus};
use jiff::Timestamp;

use super::{
    Arrival,
    repeats::{Key, Seen},
};
use crate::{
    session::{Bulk, Session},
    value::Value,
    working::threads::{DispatchLinks, EventLinks},
};

pub(crate) const EVENTS: Bulk<8> = Bulk(
    "INSERT INTO events (sequence, id, organization, address, previous, occurred_at, received_at, payload) \
     SELECT * FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// As accepted.
pub(crate) const ACCEPTED: Bulk<10> = Bulk(
    "INSERT INTO dispatches (sequence, id, organization, event, address, integration, previous_in_organization, \
     previous_at_address, previous_of_integration, due_at, status, generation, attempt_count, step, lost_answers, \
     held_before) \
     SELECT *, 'pending', 0, 0, 0, 0, 0 FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// With the first attempt begun.
pub(crate) const STARTED: Bulk<14> = Bulk(
    "INSERT INTO dispatches (sequence, id, organization, event, address, integration, previous_in_organization, \
     previous_at_address, previous_of_integration, generation, attempt_count, window_ends_at, lease_until, started_at, \
     status, step, lost_answers, held_before) \
     SELECT *, 'delivering', 0, 0, 0 FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// Over one that has expired.
pub(crate) const DEDUPLICATIONS: Bulk<7> = Bulk(
    "INSERT OR REPLACE INTO deduplications \
     (organization, address, key, fingerprint, event, dispatch_count, expires_at) \
     SELECT * FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// An event that is accepted, with the numbers of the things that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Accepted<'a> {
    pub(super) arrival: &'a Arrival,
    pub(super) organization: i64,
    pub(super) address: i64,
    pub(super) links: EventLinks,
}

/// Rows to be written.
#[derive(Default)]
pub(crate) struct Written {
    events: Vec<[Value; 8]>,
    /// One sequence number after the other.
    dispatches: Vec<Dispatch>,
    seen: Vec<[Value; 7]>,
}

/// A dispatch to be written.
struct Dispatch {
    id: DispatchId,
    organization: i64,
    event: i64,
    address: i64,
    integration: i64,
    links: DispatchLinks,
    accepted_at: Timestamp,
    first: Option<FirstAttempt>,
}

/// What differs when it is written with its first attempt begun.
struct FirstAttempt {
    generation: u64,
    attempt_count: u32,
    window_ends_at: Option<Timestamp>,
    lease_until: Option<Timestamp>,
    started_at: Timestamp,
}

impl Written {
    pub(super) fn event(&mut self, event: Accepted<'_>) {
        let Accepted { arrival, organization, address, links } = event;
        self.events.push([
            links.sequence.into(),
            arrival.id.into(),
            organization.into(),
            address.into(),
            links.previous.into(),
            arrival.occurred_at.into(),
            arrival.received_at.into(),
            Arc::clone(&arrival.json).into(),
        ]);
    }

    pub(super) fn dispatch(&mut self, id: DispatchId, event: Accepted<'_>, integration: i64, links: DispatchLinks) {
        let Accepted { arrival, organization, address, links: EventLinks { sequence: event, .. } } = event;
        let accepted_at = arrival.received_at;
        self.dispatches.push(Dispatch {
            id,
            organization,
            event,
            address,
            integration,
            links,
            accepted_at,
            first: None,
        });
    }

    /// Writes a dispatch as it is after its first attempt has begun, so that it never stands among those that wait.
    /// False if it is none of these, or more than that has changed.
    pub(crate) fn start(&mut self, sequence: i64, state: &DispatchState, now: Timestamp) -> bool {
        let Some(first) = self.dispatches.first().map(|dispatch| dispatch.links.sequence) else { return false };
        let place = usize::try_from(sequence - first).ok();
        let Some(dispatch) = place.and_then(|place| self.dispatches.get_mut(place)) else { return false };
        let first = FirstAttempt::of(state, now);
        let starts = *state == first.after(dispatch.accepted_at);
        dispatch.first = starts.then_some(first);
        starts
    }

    pub(super) fn seen(&mut self, key: Key, seen: Seen) {
        self.seen.push([
            key.organization.into(),
            key.address.into(),
            key.key.as_slice().into(),
            seen.fingerprint.as_slice().into(),
            seen.event.into(),
            seen.dispatch_count.into(),
            seen.expires_at.into(),
        ]);
    }

    pub(crate) fn store(self, session: &mut Session<'_>) {
        session.write(EVENTS, self.events);
        session.write(ACCEPTED, self.dispatches.iter().filter_map(Dispatch::accepted));
        session.write(STARTED, self.dispatches.iter().filter_map(Dispatch::started));
        session.write(DEDUPLICATIONS, self.seen);
    }
}

impl Dispatch {
    /// Its row, unless its first attempt has begun.
    fn accepted(&self) -> Option<[Value; 10]> {
        self.first.is_none().then(|| joined(self.place(), [self.accepted_at.into()]))
    }

    /// Its row with its first attempt begun.
    fn started(&self) -> Option<[Value; 14]> {
        let FirstAttempt { generation, attempt_count, window_ends_at, lease_until, started_at } =
            *self.first.as_ref()?;
        let first =
            [generation.into(), attempt_count.into(), window_ends_at.into(), lease_until.into(), started_at.into()];
        Some(joined(self.place(), first))
    }

    fn place(&self) -> [Value; 9] {
        [
            self.links.sequence.into(),
            self.id.into(),
            self.organization.into(),
            self.event.into(),
            self.address.into(),
            self.integration.into(),
            self.links.in_organization.into(),
            self.links.at_address.into(),
            self.links.of_integration.into(),
        ]
    }
}

fn joined<const N: usize, const M: usize, const ALL: usize>(first: [Value; N], rest: [Value; M]) -> [Value; ALL] {
    const { assert!(N + M == ALL) }
    let mut values = first.into_iter().chain(rest);
    std::array::from_fn(|_| values.next().unwrap_or(Value::Null))
}

impl FirstAttempt {
    fn of(state: &DispatchState, started_at: Timestamp) -> Self {
        let DispatchState { generation, attempt_count, window_ends_at, lease_until, .. } = *state;
        Self { generation, attempt_count, window_ends_at, lease_until, started_at }
    }

    /// The state after it has begun, if nothing besides has changed.
    fn after(&self, accepted_at: Timestamp) -> DispatchState {
        let Self { generation, attempt_count, window_ends_at, lease_until, .. } = *self;
        DispatchState {
            status: DispatchStatus::Delivering,
            due_at: None,
            generation,
            attempt_count,
            window_ends_at,
            lease_until,
            ..DispatchState::accepted(accepted_at)
        }
    }
}
