//! What a commit of new events writes.

use std::{collections::HashMap, sync::Arc};

use integrations_core::DispatchId;

use super::{
    Arrival,
    recipients::{Place, Subscriber, Target},
    repeats::{Key, Seen},
};
use crate::{
    session::{Bulk, Session},
    value::Value,
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

pub(crate) const ORGANIZATIONS: Bulk<4> = Bulk(
    "UPDATE organizations SET last_event = column2, last_dispatch = coalesce(column3, last_dispatch), \
     waiting = waiting + column4 FROM ({rows}) WHERE sequence = column1",
);

pub(crate) const THREAD_ENDS: Bulk<3> = Bulk(
    "INSERT INTO thread_ends (list, owner, last) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
);

/// Rows to be written, with their sequence numbers.
#[derive(Default)]
pub(super) struct Written {
    last_event: i64,
    last_dispatch: i64,
    events: Vec<[Value; 8]>,
    dispatches: Vec<[Value; 10]>,
    seen: Vec<[Value; 7]>,
    organizations: HashMap<i64, Organization>,
    /// The new ends of threads, by list and owner.
    thread_ends: HashMap<(i64, i64), i64>,
}

/// What changes of an organization.
#[derive(Default)]
struct Organization {
    last_event: Option<i64>,
    last_dispatch: Option<i64>,
    waiting: i64,
}

impl Written {
    /// Nothing yet, behind these sequence numbers.
    pub(super) fn behind(last_event: i64, last_dispatch: i64) -> Self {
        Self { last_event, last_dispatch, ..Self::default() }
    }

    /// Adds an event.
    pub(super) fn event(&mut self, arrival: &Arrival, place: &Place, target: &Target) {
        self.last_event += 1;
        let sequence = self.last_event;
        let previous = self.organizations.entry(place.organization).or_default().last_event.replace(sequence);
        self.events.push([
            sequence.into(),
            arrival.id.into(),
            place.organization.into(),
            target.address.into(),
            previous.or(place.last_event).into(),
            arrival.occurred_at.into(),
            arrival.received_at.into(),
            Arc::clone(&arrival.payload).into(),
        ]);
    }

    /// Adds the dispatch of the event that was added last, and gives its sequence number.
    pub(super) fn dispatch(
        &mut self,
        id: DispatchId,
        arrival: &Arrival,
        place: &Place,
        target: &Target,
        subscriber: &Subscriber,
    ) -> u64 {
        self.last_dispatch += 1;
        let sequence = self.last_dispatch;
        let organization = self.organizations.entry(place.organization).or_default();
        organization.waiting += 1;
        let in_organization = organization.last_dispatch.replace(sequence);
        let at_address = self.thread_ends.insert((1, target.address), sequence);
        let of_integration = self.thread_ends.insert((2, subscriber.integration), sequence);
        self.dispatches.push([
            sequence.into(),
            id.into(),
            place.organization.into(),
            self.last_event.into(),
            target.address.into(),
            subscriber.integration.into(),
            in_organization.or(place.last_dispatch).into(),
            at_address.or(target.last_dispatch).into(),
            of_integration.or(subscriber.last_dispatch).into(),
            arrival.received_at.into(),
        ]);
        u64::try_from(sequence).unwrap_or_default()
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

    /// How many dispatches were added for an organization.
    pub(super) fn waiting(&self, organization: i64) -> u64 {
        let added = self.organizations.get(&organization).map_or(0, |organization| organization.waiting);
        u64::try_from(added).unwrap_or_default()
    }

    pub(super) fn store(self, session: &mut Session<'_>) {
        session.write(EVENTS, self.events);
        session.write(DISPATCHES, self.dispatches);
        session.write(DEDUPLICATIONS, self.seen);
        let organizations = self.organizations.into_iter().map(|(sequence, new)| {
            [sequence.into(), new.last_event.into(), new.last_dispatch.into(), new.waiting.into()]
        });
        session.write(ORGANIZATIONS, organizations);
        let ends = self.thread_ends.into_iter();
        session.write(THREAD_ENDS, ends.map(|((list, owner), last)| [list.into(), owner.into(), last.into()]));
    }
}
