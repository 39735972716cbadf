//! The rows of new events and their dispatches.

use std::sync::Arc;

use integrations_core::DispatchId;

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

/// In the state that [`integrations_core::DispatchState::accepted`] gives.
pub(crate) const DISPATCHES: Bulk<10> = Bulk(
    "INSERT INTO dispatches (sequence, id, organization, event, address, integration, previous_in_organization, \
     previous_at_address, previous_of_integration, due_at, \
     status, generation, attempt_count, step, lost_answers, held_before) \
     SELECT *, 'pending', 0, 0, 0, 0, 0 FROM ({rows}) WHERE column1 IS NOT NULL",
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
pub(super) struct Written {
    events: Vec<[Value; 8]>,
    dispatches: Vec<[Value; 10]>,
    seen: Vec<[Value; 7]>,
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
        self.dispatches.push([
            links.sequence.into(),
            id.into(),
            event.organization.into(),
            event.links.sequence.into(),
            event.address.into(),
            integration.into(),
            links.in_organization.into(),
            links.at_address.into(),
            links.of_integration.into(),
            event.arrival.received_at.into(),
        ]);
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

    pub(super) fn store(self, session: &mut Session<'_>) {
        session.write(EVENTS, self.events);
        session.write(DISPATCHES, self.dispatches);
        session.write(DEDUPLICATIONS, self.seen);
    }
}
