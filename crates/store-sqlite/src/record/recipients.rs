//! Where events go: their addresses, and who subscribes there.

use std::collections::HashMap;

use integrations_core::{EventType, IntegrationId, LaneKey, OrganizationId, store::Recipient};
use sqlx::sqlite::SqliteRow;

use super::Arrival;
use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    value::Value,
};

macro_rules! find_places {
    ($address:literal) => {
        concat!(
            "SELECT (SELECT max(sequence) FROM events), (SELECT max(sequence) FROM dispatches), ",
            "column1, o.sequence, o.waiting, o.last_event, o.last_dispatch, a.sequence, at.last, ",
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

pub(crate) const BY_NAME: Bulk<4> = Bulk(find_places!("a.name = column3"));
pub(crate) const BY_ID: Bulk<4> = Bulk(find_places!("a.id = column3"));

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

/// What is known before a commit.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// None where the organization is not there.
    pub(super) places: HashMap<Key<'a>, Place>,
    /// The last sequence numbers.
    pub(super) last_event: i64,
    pub(super) last_dispatch: i64,
}

/// The places of all arrivals.
pub(super) async fn find<'a>(session: &mut Session<'_>, arrivals: &[&'a Arrival]) -> sqlx::Result<Known<'a>> {
    let mut keys: Vec<Key<'a>> = arrivals.iter().map(|arrival| Key::of(arrival)).collect();
    keys.sort_unstable();
    keys.dedup();
    let by_name = |(_, key): &(u64, &Key<'_>)| matches!(key.recipient, RecipientKey::Name(_));
    let (names, ids): (Vec<_>, Vec<_>) = (0..).zip(&keys).partition(by_name);
    let mut rows = session.read(BY_NAME, names.into_iter().map(values)).await?;
    rows.append(&mut session.read(BY_ID, ids.into_iter().map(values)).await?);
    let mut known = Known::default();
    for row in &rows {
        if let Err(error) = add(row, &keys, &mut known) {
            tracing::error!(%error, "a subscription is passed over");
        }
    }
    Ok(known)
}

fn values((number, key): (u64, &Key<'_>)) -> [Value; 4] {
    let recipient = match key.recipient {
        RecipientKey::Name(name) => name.to_owned().into(),
        RecipientKey::Id(id) => id.as_slice().into(),
    };
    [number.into(), key.organization.into(), recipient, key.event_type.as_str().into()]
}

/// Each row is one subscriber, or a place without any.
fn add<'a>(row: &SqliteRow, keys: &[Key<'a>], known: &mut Known<'a>) -> Result<(), Unreadable> {
    let mut columns = Columns::of(row);
    known.last_event = columns.next::<Option<i64>>()?.unwrap_or_default();
    known.last_dispatch = columns.next::<Option<i64>>()?.unwrap_or_default();
    let number: usize = columns.number()?;
    let key = keys.get(number).ok_or_else(|| columns.last_unreadable())?;
    let place = Place {
        organization: columns.next()?,
        waiting: columns.number()?,
        last_event: columns.next()?,
        last_dispatch: columns.next()?,
        target: None,
    };
    let place = known.places.entry(*key).or_insert(place);
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
