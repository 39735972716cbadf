//! Accepting events: addresses found, repeats recognised, and what is new written, for many calls at once.

pub(crate) mod recipients;
pub(crate) mod repeats;
pub(crate) mod write;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use integrations_core::{
    DispatchId, EventId, EventType, OrganizationId, QueueEntry, StoreError,
    store::{Deduplication, EventStore, NewEvent, Recipient, Recorded},
};
use jiff::Timestamp;

use self::{
    recipients::{Known, Place},
    repeats::{Repeats, Seen},
    write::Written,
};
use crate::{SqliteStore, failure::broken, session::Session};

/// A call of [`EventStore::record`].
pub(crate) struct Record {
    pub(crate) arrivals: Vec<Arrival>,
    max_waiting: u64,
}

/// A new event, with its payload as it will be stored.
pub(crate) struct Arrival {
    id: EventId,
    organization: OrganizationId,
    recipient: Recipient,
    event_type: EventType,
    occurred_at: Timestamp,
    received_at: Timestamp,
    payload: Arc<str>,
    deduplication: Option<Deduplication>,
}

#[async_trait::async_trait]
impl EventStore for SqliteStore {
    async fn record(&self, events: &[NewEvent], max_waiting: u64) -> Result<Vec<Recorded>, StoreError> {
        let arrivals = events.iter().map(Arrival::new).collect::<Result<_, _>>();
        let arrivals = arrivals.map_err(|_| broken("an event cannot be written as JSON"))?;
        self.writer.record(Record { arrivals, max_waiting }).await
    }
}

impl Arrival {
    fn new(event: &NewEvent) -> serde_json::Result<Self> {
        Ok(Self {
            id: event.id,
            organization: event.organization,
            recipient: event.recipient.clone(),
            event_type: event.payload.event_type(),
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            payload: serde_json::to_string(&event.payload)?.into(),
            deduplication: event.deduplication,
        })
    }
}

/// Records the events of all calls; gives the answers to each.
pub(crate) async fn run(session: &mut Session<'_>, calls: &[&Record]) -> sqlx::Result<Vec<Vec<Recorded>>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let arrivals: Vec<&Arrival> = calls.iter().flat_map(|call| &call.arrivals).collect();
    let Known { places, last_event, last_dispatch } = recipients::find(session, &arrivals).await?;
    let repeats = Repeats::find(session, &arrivals, &places).await?;
    let mut recording = Recording { places, repeats, written: Written::behind(last_event, last_dispatch) };
    let answers = calls.iter().map(|call| recording.record(call)).collect();
    recording.written.store(session);
    Ok(answers)
}

/// What is known and decided in one commit.
struct Recording<'a> {
    places: HashMap<recipients::Key<'a>, Place>,
    repeats: Repeats,
    written: Written,
}

impl<'a> Recording<'a> {
    fn record(&mut self, call: &'a Record) -> Vec<Recorded> {
        let full = self.full(call);
        call.arrivals.iter().map(|arrival| self.accept(arrival, &full)).collect()
    }

    /// The organizations of a call in which too much waits before it.
    fn full(&self, call: &Record) -> HashSet<i64> {
        let places = call.arrivals.iter().filter_map(|arrival| self.places.get(&recipients::Key::of(arrival)));
        let waiting = |place: &Place| place.waiting + self.written.waiting(place.organization);
        let full = places.filter(|place| call.max_waiting > 0 && waiting(place) > call.max_waiting);
        full.map(|place| place.organization).collect()
    }

    fn accept(&mut self, arrival: &'a Arrival, full: &HashSet<i64>) -> Recorded {
        let Some(place) = self.places.get(&recipients::Key::of(arrival)) else { return Recorded::UnknownAddress };
        let key = repeats::key(arrival, place);
        if let Some(repeat) = key.and_then(|key| self.repeats.recognise(&key, arrival)) {
            return repeat;
        }
        let Some(target) = &place.target else { return Recorded::UnknownAddress };
        if full.contains(&place.organization) {
            return Recorded::TooMuchWaiting;
        }
        self.written.event(arrival, place, target);
        let entries = target.subscribers.iter().map(|subscriber| {
            let id = DispatchId::derive(arrival.id, subscriber.id);
            let sequence = self.written.dispatch(id, arrival, place, target, subscriber);
            QueueEntry {
                dispatch: id,
                organization: arrival.organization,
                lane: subscriber.lane.clone(),
                due: arrival.received_at,
                sequence,
            }
        });
        let entries: Vec<_> = entries.collect();
        if let (Some(key), Some(deduplication)) = (key, arrival.deduplication) {
            let seen = Seen::new(arrival.id, entries.len() as u64, deduplication);
            self.written.seen(key, seen);
            self.repeats.remember(key, seen);
        }
        Recorded::Accepted { entries }
    }
}
