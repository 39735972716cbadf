//! Accepting events: addresses found, repeats recognised, and what is new written, for many calls at once.

pub(crate) mod repeats;
pub(crate) mod write;

use std::{collections::HashSet, sync::Arc};

use integrations_core::{
    DispatchId, DispatchState, Event, EventId, Payload, QueueEntry, StoreError,
    store::{Deduplication, EventStore, FirstAttempts, NewEvent, Recorded, Slot, Slots},
};
use jiff::Timestamp;

use self::{
    repeats::{Repeats, Seen},
    write::{Accepted, Written},
};
use crate::{
    SqliteStore,
    begin::Begin,
    failure::broken,
    session::Session,
    working::{
        Dispatches, Known, Working,
        places::{Key, Places, Subscriber, Target},
        threads::Threads,
    },
};

/// A call of [`EventStore::record`].
pub(crate) struct Record {
    pub(crate) arrivals: Vec<Arrival>,
    max_waiting: u64,
    first: Option<FirstAttempts>,
}

/// Dispatches of a call that got slots, and are to begin in the same commit.
pub(crate) struct Starting {
    pub(crate) begin: Begin,
    room: Arc<dyn Slots>,
    pub(crate) slots: Vec<Box<dyn Slot>>,
}

/// A new event.
pub(crate) struct Arrival {
    id: EventId,
    place: Key,
    occurred_at: Timestamp,
    received_at: Timestamp,
    payload: Payload,
    /// The payload as it is stored.
    json: Arc<str>,
    deduplication: Option<Deduplication>,
}

#[async_trait::async_trait]
impl EventStore for SqliteStore {
    async fn record(
        &self,
        events: &[NewEvent],
        max_waiting: u64,
        first: Option<&FirstAttempts>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let arrivals = events.iter().map(Arrival::new).collect::<Result<_, _>>();
        let arrivals = arrivals.map_err(|_| broken("an event cannot be written as JSON"))?;
        self.writer.record(Record { arrivals, max_waiting, first: first.cloned() }).await
    }
}

impl Arrival {
    fn new(event: &NewEvent) -> serde_json::Result<Self> {
        let NewEvent { id, organization, ref recipient, occurred_at, received_at, ref payload, deduplication } = *event;
        let place = Key { organization, recipient: recipient.clone(), event_type: payload.event_type() };
        let json = serde_json::to_string(payload)?.into();
        Ok(Self { id, place, occurred_at, received_at, payload: payload.clone(), json, deduplication })
    }

    /// The event as providers will see it.
    fn event(&self, target: &Target) -> Event {
        Event {
            id: self.id,
            organization: self.place.organization,
            address_id: target.id,
            address: target.name.clone(),
            occurred_at: self.occurred_at,
            received_at: self.received_at,
            payload: self.payload.clone(),
        }
    }
}

impl Starting {
    fn new(first: &FirstAttempts) -> Self {
        let FirstAttempts { policy, now, slots } = first.clone();
        Self { begin: Begin { dispatches: Vec::new(), policy, now }, room: slots, slots: Vec::new() }
    }

    /// Whether there is a slot for it.
    fn take(&mut self, entry: &QueueEntry) -> bool {
        let slot = self.room.take(entry);
        let taken = slot.is_some();
        self.begin.dispatches.extend(taken.then_some(entry.dispatch));
        self.slots.extend(slot);
        taken
    }
}

/// A new event as providers will see it, which all of its dispatches share.
struct Shown {
    event: Arc<Event>,
    /// What each of them keeps of it in memory.
    bytes_each: usize,
}

impl Shown {
    fn new(arrival: &Arrival, target: &Target) -> Self {
        let bytes_each = arrival.json.len() / target.subscribers.len().max(1);
        Self { event: Arc::new(arrival.event(target)), bytes_each }
    }
}

/// What has been decided, and is not written yet.
#[derive(Default)]
pub(crate) struct Recordings {
    /// The answers to each call.
    pub(crate) answers: Vec<Vec<Recorded>>,
    /// What is to begin before it is written.
    pub(crate) starting: Vec<Starting>,
    pub(crate) written: Written,
}

/// Accepts the events of all calls.
pub(crate) async fn run(
    session: &mut Session<'_>,
    working: &mut Working,
    calls: &[&Record],
) -> sqlx::Result<Recordings> {
    if calls.is_empty() {
        return Ok(Recordings::default());
    }
    let arrivals = || calls.iter().flat_map(|call| &call.arrivals);
    let Working { places, threads, dispatches, .. } = working;
    threads.read(session).await?;
    places.read(session, threads, arrivals().map(|arrival| &arrival.place)).await?;
    let repeats = Repeats::find(session, arrivals(), places).await?;
    let mut recording =
        Recording { places, threads, dispatches, repeats, written: Written::default(), starting: Vec::new() };
    let answers = calls.iter().map(|call| recording.record(call)).collect();
    let Recording { starting, written, .. } = recording;
    Ok(Recordings { answers, starting, written })
}

/// What is known and decided in one commit.
struct Recording<'w> {
    places: &'w Places,
    threads: &'w mut Threads,
    dispatches: &'w mut Dispatches,
    repeats: Repeats,
    written: Written,
    starting: Vec<Starting>,
}

impl Recording<'_> {
    fn record(&mut self, call: &Record) -> Vec<Recorded> {
        let full = self.full(call);
        let mut starting = call.first.as_ref().map(Starting::new);
        let answers = call.arrivals.iter().map(|arrival| self.accept(arrival, &full, starting.as_mut())).collect();
        self.starting.extend(starting.filter(|starting| !starting.slots.is_empty()));
        answers
    }

    /// The organizations of a call in which too much waits before it.
    fn full(&self, call: &Record) -> HashSet<i64> {
        let places = call.arrivals.iter().filter_map(|arrival| self.places.get(&arrival.place));
        let organizations = places.map(|place| place.organization);
        organizations.filter(|id| call.max_waiting > 0 && self.threads.waiting(*id) > call.max_waiting).collect()
    }

    fn accept(&mut self, arrival: &Arrival, full: &HashSet<i64>, mut starting: Option<&mut Starting>) -> Recorded {
        let places = self.places;
        let Some(place) = places.get(&arrival.place) else { return Recorded::UnknownAddress };
        let key = repeats::key(arrival, place);
        if let Some(repeat) = key.and_then(|key| self.repeats.recognise(&key, arrival)) {
            return repeat;
        }
        let Some(target) = &place.target else { return Recorded::UnknownAddress };
        if full.contains(&place.organization) {
            return Recorded::TooMuchWaiting;
        }
        let links = self.threads.add_event(place.organization);
        let event = Accepted { arrival, organization: place.organization, address: target.address, links };
        self.written.event(event);
        let dispatch_count = target.subscribers.len() as u64;
        let shown = Shown::new(arrival, target);
        let subscribers = target.subscribers.iter();
        let entries = subscribers.filter_map(|subscriber| self.dispatch(event, &shown, subscriber, &mut starting));
        let entries = entries.collect();
        if let (Some(key), Some(deduplication)) = (key, arrival.deduplication) {
            let seen = Seen::new(arrival.id, dispatch_count, deduplication);
            self.written.seen(key, seen);
            self.repeats.remember(key, seen);
        }
        Recorded::Accepted { dispatch_count, entries }
    }

    /// Gives the entry for the queue, unless the dispatch gets a slot.
    fn dispatch(
        &mut self,
        event: Accepted<'_>,
        shown: &Shown,
        subscriber: &Subscriber,
        starting: &mut Option<&mut Starting>,
    ) -> Option<QueueEntry> {
        let Accepted { arrival, organization, address, .. } = event;
        let Subscriber { integration, .. } = *subscriber;
        let id = DispatchId::derive(arrival.id, subscriber.id);
        let links = self.threads.add_dispatch(organization, address, integration);
        self.written.dispatch(id, event, integration, links);
        let entry = QueueEntry {
            dispatch: id,
            organization: arrival.place.organization,
            lane: subscriber.lane.clone(),
            due: arrival.received_at,
            sequence: u64::try_from(links.sequence).unwrap_or_default(),
        };
        let starts = starting.as_mut().is_some_and(|starting| starting.take(&entry));
        if starts || self.dispatches.have_room() {
            self.dispatches.add(
                id,
                Known {
                    sequence: links.sequence,
                    organization,
                    integration,
                    address_deleted: false,
                    started_at: None,
                    state: Some(DispatchState::accepted(arrival.received_at)),
                    event: Some(Arc::clone(&shown.event)),
                },
                shown.bytes_each,
            );
        }
        (!starts).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use integrations_core::LaneKey;
    use integrations_testkit::builders::Samples;

    use super::*;

    fn subscriber(samples: &Samples, integration: i64) -> Subscriber {
        let id = samples.integration(samples.organization().id).id;
        Subscriber { integration, id, lane: LaneKey::from_stored(integration.to_string()) }
    }

    /// In memory they share it.
    #[test]
    fn an_event_takes_room_once_for_all_of_its_subscribers() {
        let samples = Samples::default();
        let address = samples.address(samples.organization().id);
        let mut event = samples.event(&address);
        let Payload::EmailReceived(mail) = &mut event.payload else { panic!("{:?}", event.payload) };
        mail.preview = "x".repeat(1 << 20);
        let arrival = Arrival::new(&event).unwrap();
        let subscribers = vec![subscriber(&samples, 1), subscriber(&samples, 2)];
        let target = Target { address: 1, id: address.id, name: address.name.to_string(), subscribers };
        let shown = Shown::new(&arrival, &target);

        let Working { places, mut threads, mut dispatches, .. } = Working::default();
        let mut recording = Recording {
            places: &places,
            threads: &mut threads,
            dispatches: &mut dispatches,
            repeats: Repeats::default(),
            written: Written::default(),
            starting: Vec::new(),
        };
        let links = recording.threads.add_event(1);
        let accepted = Accepted { arrival: &arrival, organization: 1, address: 1, links };
        let mut fitting = 0;
        while recording.dispatches.have_room() {
            // A dispatch is that of an event and a subscriber, so that each time it is another one.
            recording.dispatch(accepted, &shown, &subscriber(&samples, 1), &mut None);
            fitting += 1;
        }
        // Half a mebibyte each, of 32.
        assert_eq!(fitting, 64);
    }
}
