//! What a commit of new events writes.

use std::{collections::HashMap, sync::Arc};

use integrations_core::{DispatchId, EventId};
use sqlx::SqliteConnection;

use super::{
    Arrival,
    recipients::{Place, Subscriber, Target},
    repeats::{Key, Seen},
};
use crate::{
    bulk::Bulk,
    columns::{integer, millis},
};

pub(crate) static EVENTS: Bulk = Bulk::new(
    8,
    "INSERT INTO events (sequence, id, organization, address, previous, occurred_at, received_at, payload) \
     SELECT * FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// In the state that [`integrations_core::DispatchState::accepted`] gives.
pub(crate) static DISPATCHES: Bulk = Bulk::new(
    10,
    "INSERT INTO dispatches (sequence, id, organization, event, address, integration, previous_in_organization, \
     previous_at_address, previous_of_integration, due_at, \
     status, generation, attempt_count, step, lost_answers, held_before) \
     SELECT *, 'pending', 0, 0, 0, 0, 0 FROM ({rows}) WHERE column1 IS NOT NULL",
);

/// Over one that has expired.
pub(crate) static DEDUPLICATIONS: Bulk = Bulk::new(
    7,
    "INSERT OR REPLACE INTO deduplications \
     (organization, address, key, fingerprint, event, dispatch_count, expires_at) \
     SELECT * FROM ({rows}) WHERE column1 IS NOT NULL",
);

pub(crate) static ORGANIZATIONS: Bulk = Bulk::new(
    4,
    "UPDATE organizations SET last_event = column2, last_dispatch = coalesce(column3, last_dispatch), \
     waiting = waiting + column4 FROM ({rows}) WHERE sequence = column1",
);

pub(crate) static THREAD_ENDS: Bulk = Bulk::new(
    3,
    "INSERT INTO thread_ends (list, owner, last) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
);

/// Rows to be written, with their sequence numbers.
pub(super) struct Written {
    last_event: i64,
    last_dispatch: i64,
    events: Vec<Event>,
    dispatches: Vec<Dispatch>,
    seen: Vec<(Key, Seen)>,
    organizations: HashMap<i64, Organization>,
    /// The new ends of threads, by list and owner.
    thread_ends: HashMap<(i64, i64), i64>,
}

struct Event {
    sequence: i64,
    id: EventId,
    organization: i64,
    address: i64,
    previous: Option<i64>,
    occurred_at: i64,
    received_at: i64,
    payload: Arc<str>,
}

struct Dispatch {
    sequence: i64,
    id: DispatchId,
    organization: i64,
    event: i64,
    address: i64,
    integration: i64,
    previous_in_organization: Option<i64>,
    previous_at_address: Option<i64>,
    previous_of_integration: Option<i64>,
    due_at: i64,
}

/// What changes of an organization.
#[derive(Default)]
struct Organization {
    last_event: Option<i64>,
    last_dispatch: Option<i64>,
    waiting: i64,
}

impl Written {
    /// Nothing yet, behind what is stored.
    pub(super) async fn after_all(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        let last = "SELECT coalesce((SELECT max(sequence) FROM events), 0), \
                    coalesce((SELECT max(sequence) FROM dispatches), 0)";
        let (last_event, last_dispatch) = sqlx::query_as(last).fetch_one(connection).await?;
        Ok(Self {
            last_event,
            last_dispatch,
            events: Vec::new(),
            dispatches: Vec::new(),
            seen: Vec::new(),
            organizations: HashMap::new(),
            thread_ends: HashMap::new(),
        })
    }

    /// Adds an event.
    pub(super) fn event(&mut self, arrival: &Arrival, place: &Place, target: &Target) {
        self.last_event += 1;
        let sequence = self.last_event;
        let previous = self.organizations.entry(place.organization).or_default().last_event.replace(sequence);
        self.events.push(Event {
            sequence,
            id: arrival.id,
            organization: place.organization,
            address: target.address,
            previous: previous.or(place.last_event),
            occurred_at: millis(arrival.occurred_at),
            received_at: millis(arrival.received_at),
            payload: Arc::clone(&arrival.payload),
        });
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
        self.dispatches.push(Dispatch {
            sequence,
            id,
            organization: place.organization,
            event: self.last_event,
            address: target.address,
            integration: subscriber.integration,
            previous_in_organization: in_organization.or(place.last_dispatch),
            previous_at_address: at_address.or(target.last_dispatch),
            previous_of_integration: of_integration.or(subscriber.last_dispatch),
            due_at: millis(arrival.received_at),
        });
        u64::try_from(sequence).unwrap_or_default()
    }

    pub(super) fn seen(&mut self, key: Key, seen: Seen) {
        self.seen.push((key, seen));
    }

    /// How many dispatches were added for an organization.
    pub(super) fn waiting(&self, organization: i64) -> u64 {
        let added = self.organizations.get(&organization).map_or(0, |organization| organization.waiting);
        u64::try_from(added).unwrap_or_default()
    }

    pub(super) async fn store(self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        store_events(connection, &self.events).await?;
        store_dispatches(connection, &self.dispatches).await?;
        let seen = DEDUPLICATIONS.execute(connection, &self.seen, |query, (key, seen)| {
            let query = query.bind(key.organization).bind(key.address).bind(key.key.as_slice());
            let query = query.bind(seen.fingerprint.as_slice()).bind(seen.event.as_bytes().as_slice());
            query.bind(integer(seen.dispatch_count)).bind(millis(seen.expires_at))
        });
        seen.await?;
        let organizations: Vec<_> = self.organizations.into_iter().collect();
        let organizations = ORGANIZATIONS.execute(connection, &organizations, |query, (sequence, new)| {
            query.bind(*sequence).bind(new.last_event).bind(new.last_dispatch).bind(new.waiting)
        });
        organizations.await?;
        let ends: Vec<_> = self.thread_ends.into_iter().collect();
        let ends = THREAD_ENDS.execute(connection, &ends, |query, ((list, owner), last)| {
            query.bind(*list).bind(*owner).bind(*last)
        });
        ends.await
    }
}

async fn store_events(connection: &mut SqliteConnection, events: &[Event]) -> sqlx::Result<()> {
    let stored = EVENTS.execute(connection, events, |query, event| {
        let query = query.bind(event.sequence).bind(event.id.as_bytes().as_slice());
        let query = query.bind(event.organization).bind(event.address).bind(event.previous);
        query.bind(event.occurred_at).bind(event.received_at).bind(Arc::clone(&event.payload))
    });
    stored.await
}

async fn store_dispatches(connection: &mut SqliteConnection, dispatches: &[Dispatch]) -> sqlx::Result<()> {
    let stored = DISPATCHES.execute(connection, dispatches, |query, new| {
        let query = query.bind(new.sequence).bind(new.id.as_bytes().as_slice()).bind(new.organization);
        let query = query.bind(new.event).bind(new.address).bind(new.integration);
        let query = query.bind(new.previous_in_organization).bind(new.previous_at_address);
        query.bind(new.previous_of_integration).bind(new.due_at)
    });
    stored.await
}
