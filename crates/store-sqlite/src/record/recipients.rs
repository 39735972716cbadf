//! Where events go: their addresses, and who subscribes there.

use std::collections::HashMap;

use integrations_core::{EventType, IntegrationId, LaneKey, OrganizationId, store::Recipient};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::Arrival;
use crate::{
    bulk::{Bulk, Query},
    columns::{Columns, Unreadable},
};

macro_rules! find_places {
    ($address:literal) => {
        concat!(
            "SELECT column1, o.sequence, o.waiting, o.last_event, o.last_dispatch, a.sequence, at.last, ",
            "i.sequence, i.id, i.lane, of.last ",
            "FROM ({rows}) CROSS JOIN organizations o ON o.id = column2 ",
            "LEFT JOIN addresses a ON a.deleted_at IS NULL AND a.organization = o.sequence AND ",
            $address,
            " LEFT JOIN thread_ends at ON at.list = 1 AND at.owner = a.sequence ",
            "LEFT JOIN subscriptions s ON s.address = a.sequence AND s.event_type = column4 ",
            "LEFT JOIN integrations i ON i.sequence = s.integration ",
            "LEFT JOIN thread_ends of ON of.list = 2 AND of.owner = i.sequence"
        )
    };
}

pub(crate) static BY_NAME: Bulk = Bulk::new(4, find_places!("a.name = column3"));
pub(crate) static BY_ID: Bulk = Bulk::new(4, find_places!("a.id = column3"));

/// What is asked for an event. Events to the same place ask once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key<'a> {
    organization: OrganizationId,
    recipient: RecipientKey<'a>,
    event_type: EventType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RecipientKey<'a> {
    Name(&'a str),
    Id(&'a [u8; 16]),
}

impl<'a> Key<'a> {
    pub(super) fn of(arrival: &'a Arrival) -> Self {
        Self {
            organization: arrival.organization,
            recipient: match &arrival.recipient {
                Recipient::Name(name) => RecipientKey::Name(name),
                Recipient::Id(id) => RecipientKey::Id(id.as_bytes()),
            },
            event_type: arrival.event_type,
        }
    }
}

/// An organization, and in it an address if there is one.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) organization: i64,
    /// How many dispatches waited there before this commit.
    pub(super) waiting: u64,
    pub(super) last_event: Option<i64>,
    pub(super) last_dispatch: Option<i64>,
    pub(super) target: Option<Target>,
}

/// An address.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) address: i64,
    pub(super) last_dispatch: Option<i64>,
    pub(super) subscribers: Vec<Subscriber>,
}

/// An integration that subscribes the address to events of that type.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) integration: i64,
    pub(super) id: IntegrationId,
    pub(super) lane: LaneKey,
    pub(super) last_dispatch: Option<i64>,
}

/// The places of all arrivals; none where the organization is not there.
pub(super) async fn find<'a>(
    connection: &mut SqliteConnection,
    arrivals: &[&'a Arrival],
) -> sqlx::Result<HashMap<Key<'a>, Place>> {
    let mut keys: Vec<Key<'a>> = arrivals.iter().map(|arrival| Key::of(arrival)).collect();
    keys.sort_unstable();
    keys.dedup();
    let by_name = |(_, key): &(usize, Key<'_>)| matches!(key.recipient, RecipientKey::Name(_));
    let (names, ids): (Vec<_>, Vec<_>) = keys.iter().copied().enumerate().partition(by_name);
    let mut rows = BY_NAME.fetch(connection, &names, bind).await?;
    rows.append(&mut BY_ID.fetch(connection, &ids, bind).await?);
    let mut places = HashMap::with_capacity(keys.len());
    for row in &rows {
        if let Err(error) = add(row, &keys, &mut places) {
            tracing::error!(%error, "a subscription is passed over");
        }
    }
    Ok(places)
}

fn bind<'q>(query: Query<'q>, (number, key): &(usize, Key<'_>)) -> Query<'q> {
    let query = query.bind(i64::try_from(*number).unwrap_or(i64::MAX)).bind(key.organization.as_bytes().as_slice());
    let query = match key.recipient {
        RecipientKey::Name(name) => query.bind(name),
        RecipientKey::Id(id) => query.bind(id.as_slice()),
    };
    query.bind(key.event_type.as_str())
}

/// Each row is one subscriber, or a place without any.
fn add<'a>(row: &SqliteRow, keys: &[Key<'a>], places: &mut HashMap<Key<'a>, Place>) -> Result<(), Unreadable> {
    let mut columns = Columns::of(row);
    let number: usize = columns.number()?;
    let key = keys.get(number).ok_or_else(|| columns.last_unreadable())?;
    let place = Place {
        organization: columns.next()?,
        waiting: columns.number()?,
        last_event: columns.next()?,
        last_dispatch: columns.next()?,
        target: None,
    };
    let place = places.entry(*key).or_insert(place);
    let (address, last_dispatch) = (columns.next()?, columns.next()?);
    let Some(address) = address else { return Ok(()) };
    let target = place.target.get_or_insert(Target { address, last_dispatch, subscribers: Vec::new() });
    let Some(integration) = columns.next()? else { return Ok(()) };
    target.subscribers.push(Subscriber {
        integration,
        id: IntegrationId::from_bytes(columns.bytes()?),
        lane: LaneKey::from_stored(columns.next()?),
        last_dispatch: columns.next()?,
    });
    Ok(())
}
