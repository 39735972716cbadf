//! Events that were accepted before.

use std::collections::HashMap;

use integrations_core::{
    EventId,
    store::{Deduplication, DeduplicationScope, Recorded},
};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::Arrival;
use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    working::places::{Place, Places},
};

pub(crate) const FIND: Bulk<3> = Bulk(
    "SELECT d.organization, d.address, d.key, d.event, d.dispatch_count, d.fingerprint, d.expires_at \
     FROM ({rows}) CROSS JOIN deduplications d ON d.organization = column1 AND d.address = column2 AND d.key = column3",
);

/// By what a repeat is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) organization: i64,
    /// 0 where the key is unique in the organization.
    pub(super) address: i64,
    pub(super) key: [u8; 32],
}

/// What is remembered of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) event: EventId,
    pub(super) dispatch_count: u64,
    pub(super) fingerprint: [u8; 32],
    pub(super) expires_at: Timestamp,
}

impl Seen {
    pub(super) fn new(event: EventId, dispatch_count: u64, deduplication: Deduplication) -> Self {
        let Deduplication { fingerprint, expires_at, .. } = deduplication;
        Self { event, dispatch_count, fingerprint, expires_at }
    }
}

/// The key of an arrival; none if it has none, or one that is unique at an address which is not there.
pub(super) fn key(arrival: &Arrival, place: &Place) -> Option<Key> {
    let Deduplication { scope, key, .. } = arrival.deduplication?;
    let address = match scope {
        DeduplicationScope::Organization => 0,
        DeduplicationScope::Address => place.target.as_ref()?.address,
    };
    Some(Key { organization: place.organization, address, key })
}

/// All that is remembered and may matter to this commit.
#[derive(Default)]
pub(super) struct Repeats(HashMap<Key, Seen>);

impl Repeats {
    pub(super) async fn find<'a>(
        session: &mut Session<'_>,
        arrivals: impl Iterator<Item = &'a Arrival>,
        places: &Places,
    ) -> sqlx::Result<Self> {
        let keys = arrivals.filter_map(|arrival| key(arrival, places.get(&arrival.place)?));
        let values = keys.map(|key| [key.organization.into(), key.address.into(), key.key.as_slice().into()]);
        let rows = session.read(FIND, values).await?;
        let mut seen = HashMap::with_capacity(rows.len());
        for row in &rows {
            match read(row) {
                Ok((key, value)) => drop(seen.insert(key, value)),
                Err(error) => tracing::error!(%error, "a deduplication is passed over"),
            }
        }
        Ok(Self(seen))
    }

    /// The answer to an event that was accepted before.
    pub(super) fn recognise(&self, key: &Key, arrival: &Arrival) -> Option<Recorded> {
        let seen = self.0.get(key).filter(|seen| arrival.received_at < seen.expires_at)?;
        let same = arrival.deduplication.is_some_and(|new| new.fingerprint == seen.fingerprint);
        Some(if same {
            Recorded::Duplicate { event: seen.event, dispatch_count: seen.dispatch_count }
        } else {
            Recorded::Mismatch
        })
    }

    pub(super) fn remember(&mut self, key: Key, seen: Seen) {
        self.0.insert(key, seen);
    }
}

fn read(row: &SqliteRow) -> Result<(Key, Seen), Unreadable> {
    let mut columns = Columns::of(row);
    let key = Key { organization: columns.next()?, address: columns.next()?, key: columns.bytes()? };
    let seen = Seen {
        event: EventId::from_bytes(columns.bytes()?),
        dispatch_count: columns.number()?,
        fingerprint: columns.bytes()?,
        expires_at: columns.time()?,
    };
    Ok((key, seen))
}
