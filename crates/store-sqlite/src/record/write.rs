//! The rows of new events and their dispatches.

use std::sync::Arc;

use integrations_core::{DispatchId, DispatchState};
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

pub(crate) const DISPATCHES: Bulk<16> = Bulk(
    "INSERT INTO dispatches (sequence, id, organization, event, address, integration, previous_in_organization, \
     previous_at_address, previous_of_integration, status, generation, attempt_count, due_at, window_ends_at, \
     lease_until, started_at, step, lost_answers, held_before) \
     SELECT *, 0, 0, 0 FROM ({rows}) WHERE column1 IS NOT NULL",
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

/// The row of a dispatch.
struct Dispatch {
    sequence: i64,
    columns: [Value; 16],
    accepted: DispatchState,
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
        let accepted = DispatchState::accepted(event.arrival.received_at);
        let columns = [
            links.sequence.into(),
            id.into(),
            event.organization.into(),
            event.links.sequence.into(),
            event.address.into(),
            integration.into(),
            links.in_organization.into(),
            links.at_address.into(),
            links.of_integration.into(),
            accepted.status.as_str().into(),
            accepted.generation.into(),
            accepted.attempt_count.into(),
            accepted.due_at.into(),
            Value::Null,
            Value::Null,
            Value::Null,
        ];
        self.dispatches.push(Dispatch { sequence: links.sequence, columns, accepted });
    }

    /// Writes a dispatch as it is after its first attempt has begun, so that it never stands among those that wait.
    /// False if it is none of these, or more than that has changed.
    pub(crate) fn start(&mut self, sequence: i64, state: &DispatchState, now: Timestamp) -> bool {
        let Some(first) = self.dispatches.first().map(|dispatch| dispatch.sequence) else { return false };
        let place = usize::try_from(sequence - first).ok();
        let Some(dispatch) = place.and_then(|place| self.dispatches.get_mut(place)) else { return false };
        let starts = *state == dispatch.started(state);
        if starts {
            let [.., status, generation, attempt_count, due_at, window_ends_at, lease_until, started_at] =
                &mut dispatch.columns;
            *status = state.status.as_str().into();
            *generation = state.generation.into();
            *attempt_count = state.attempt_count.into();
            *due_at = state.due_at.into();
            *window_ends_at = state.window_ends_at.into();
            *lease_until = state.lease_until.into();
            *started_at = now.into();
        }
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
        session.write(DISPATCHES, self.dispatches.into_iter().map(|dispatch| dispatch.columns));
        session.write(DEDUPLICATIONS, self.seen);
    }
}

impl Dispatch {
    /// The state after a first attempt has begun like that one, and nothing besides.
    fn started(&self, like: &DispatchState) -> DispatchState {
        let DispatchState { status, generation, attempt_count, due_at, window_ends_at, lease_until, .. } = *like;
        DispatchState {
            status,
            generation,
            attempt_count,
            due_at,
            window_ends_at,
            lease_until,
            ..self.accepted.clone()
        }
    }
}
