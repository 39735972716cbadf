//! Where events go: addresses, and who subscribes there.

use foldhash::HashMap;
use integrations_core::{AddressId, EventType, IntegrationId, LaneKey, OrganizationId, store::Recipient};
use sqlx::sqlite::SqliteRow;

use super::threads::Threads;
use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    value::Value,
};

/// How many rows are remembered, each with some hundred bytes.
const LIMIT: usize = 250_000;

macro_rules! find_places {
    ($address:literal) => {
        concat!(
            "SELECT column1, o.sequence, o.waiting, o.last_event, o.last_dispatch, a.sequence, a.id, a.name, at.last, ",
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) organization: OrganizationId,
    pub(crate) recipient: Recipient,
    pub(crate) event_type: EventType,
}

impl Key {
    fn is_name(&self) -> bool {
        matches!(self.recipient, Recipient::Name(_))
    }
}

/// An organization, and in it an address if there is one.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) organization: i64,
    pub(crate) target: Option<Target>,
}

/// An address.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: i64,
    pub(crate) id: AddressId,
    pub(crate) name: String,
    pub(crate) subscribers: Vec<Subscriber>,
}

/// An integration that subscribes the address to events of that type.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) integration: i64,
    pub(crate) id: IntegrationId,
    pub(crate) lane: LaneKey,
}

/// Places that are known.
#[derive(Debug, Default)]
pub(crate) struct Places {
    known: HashMap<Key, Place>,
    /// How many rows that took: one for each subscriber, or for a place without any.
    rows: usize,
}

impl Places {
    /// Reads those of these places that are not known, and what events to them will change.
    pub(crate) async fn read<'k>(
        &mut self,
        session: &mut Session<'_>,
        threads: &mut Threads,
        keys: impl Iterator<Item = &'k Key>,
    ) -> sqlx::Result<()> {
        let mut unknown: Vec<&Key> = keys.filter(|key| !self.known.contains_key(key)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let (names, ids): (Vec<_>, Vec<_>) = (0..).zip(&unknown).partition(|(_, key)| key.is_name());
        let mut rows = session.read(BY_NAME, names.into_iter().map(values)).await?;
        rows.append(&mut session.read(BY_ID, ids.into_iter().map(values)).await?);
        for row in &rows {
            if let Err(error) = self.add(row, &unknown, threads) {
                tracing::error!(%error, "a subscription is passed over");
            }
        }
        Ok(())
    }

    /// None where the organization is not there.
    pub(crate) fn get(&self, key: &Key) -> Option<&Place> {
        self.known.get(key)
    }

    /// Whether they take much memory.
    pub(crate) fn are_many(&self) -> bool {
        self.rows > LIMIT
    }

    /// Each row is one subscriber, or a place without any.
    fn add(&mut self, row: &SqliteRow, asked: &[&Key], threads: &mut Threads) -> Result<(), Unreadable> {
        let mut columns = Columns::of(row);
        let number: usize = columns.number()?;
        let key = asked.get(number).ok_or_else(|| columns.last_unreadable())?;
        let organization = columns.next()?;
        threads.know_waiting(organization, columns.next()?);
        threads.events.know(organization, columns.next()?);
        threads.in_organization.know(organization, columns.next()?);
        let place = self.known.entry((*key).clone()).or_insert(Place { organization, target: None });
        self.rows += 1;
        let Some(address) = columns.next()? else { return Ok(()) };
        let (id, name) = (AddressId::from_bytes(columns.bytes()?), columns.next()?);
        let target = place.target.get_or_insert(Target { address, id, name, subscribers: Vec::new() });
        threads.at_address.know(address, columns.next()?);
        let Some(integration) = columns.next()? else { return Ok(()) };
        let (id, lane) = (IntegrationId::from_bytes(columns.bytes()?), LaneKey::from_stored(columns.next()?));
        threads.of_integration.know(integration, columns.next()?);
        target.subscribers.push(Subscriber { integration, id, lane });
        Ok(())
    }
}

fn values((number, key): (u64, &&Key)) -> [Value; 4] {
    let recipient = match &key.recipient {
        Recipient::Name(name) => name.clone().into(),
        Recipient::Id(id) => (*id).into(),
    };
    [number.into(), key.organization.into(), recipient, key.event_type.as_str().into()]
}
