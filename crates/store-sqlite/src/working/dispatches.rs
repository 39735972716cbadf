//! Dispatches that workers are about to ask for.

use std::sync::Arc;

use foldhash::HashMap;
use integrations_core::{AddressId, DispatchId, DispatchState, Event, EventId, OrganizationId};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    states::{self, state_columns},
};

/// What those may take that nobody asks for yet, with their events.
const ROOM_BYTES: usize = 32 << 20;

pub(crate) const FACTS: Bulk<1> = Bulk(concat!(
    "SELECT d.id, d.sequence, d.organization, d.integration, a.deleted_at IS NOT NULL, d.started_at, ",
    state_columns!(),
    ", o.id, e.id, a.id, a.name, e.occurred_at, e.received_at, e.payload",
    " FROM ({rows}) CROSS JOIN dispatches d ON d.id = column1",
    " CROSS JOIN organizations o ON o.sequence = d.organization",
    " CROSS JOIN events e ON e.sequence = d.event",
    " CROSS JOIN addresses a ON a.sequence = d.address"
));

/// A dispatch, as far as rules need it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) sequence: i64,
    pub(crate) organization: i64,
    pub(crate) integration: i64,
    pub(crate) address_deleted: bool,
    /// When the open attempt began.
    pub(crate) started_at: Option<Timestamp>,
    /// None if it cannot be read.
    pub(crate) state: Option<DispatchState>,
    /// None if it cannot be read, or if an attempt has taken it.
    pub(crate) event: Option<Arc<Event>>,
}

/// Dispatches by identifier.
#[derive(Debug, Default)]
pub(crate) struct Dispatches {
    /// In boxes, since a table that grows moves what it holds.
    by_id: HashMap<DispatchId, Box<Remembered>>,
    /// What all of them take.
    bytes: usize,
}

#[derive(Debug)]
struct Remembered {
    known: Known,
    bytes: usize,
}

impl Dispatches {
    /// Reads those of these dispatches that are not known. One without its event is read again if that is needed.
    pub(crate) async fn read(
        &mut self,
        session: &mut Session<'_>,
        ids: impl Iterator<Item = DispatchId>,
        with_event: bool,
    ) -> sqlx::Result<()> {
        let suffices = |known: &Known| !with_event || known.event.is_some();
        let mut unknown: Vec<_> = ids.filter(|id| !self.get(*id).is_some_and(suffices)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        for row in &session.read(FACTS, unknown.into_iter().map(|id| [id.into()])).await? {
            match read(row) {
                // An attempt takes its event at once.
                Ok((id, known)) => self.add(id, known, 0),
                Err(error) => tracing::error!(%error, "a dispatch is passed over"),
            }
        }
        Ok(())
    }

    pub(crate) fn get(&self, id: DispatchId) -> Option<&Known> {
        Some(&self.by_id.get(&id)?.known)
    }

    pub(crate) fn get_mut(&mut self, id: DispatchId) -> Option<&mut Known> {
        Some(&mut self.by_id.get_mut(&id)?.known)
    }

    /// Whether there is room for new ones that nobody asks for yet.
    pub(crate) fn have_room(&self) -> bool {
        self.bytes < ROOM_BYTES
    }

    /// Remembers one. Its part of its event takes so many bytes.
    pub(crate) fn add(&mut self, id: DispatchId, known: Known, event_bytes: usize) {
        let bytes = size_of::<Remembered>() + event_bytes;
        self.forget(id);
        self.bytes += bytes;
        self.by_id.insert(id, Box::new(Remembered { known, bytes }));
    }

    pub(crate) fn forget(&mut self, id: DispatchId) {
        self.bytes -= self.by_id.remove(&id).map_or(0, |remembered| remembered.bytes);
    }

    /// Forgets those of these whose attempt is not open: nobody will ask for them soon.
    pub(crate) fn forget_waiting(&mut self, ids: impl Iterator<Item = DispatchId>) {
        for id in ids {
            if self.get(id).is_some_and(|known| known.started_at.is_none()) {
                self.forget(id);
            }
        }
    }
}

/// An error if not even the row's place can be read.
fn read(row: &SqliteRow) -> Result<(DispatchId, Known), Unreadable> {
    let mut columns = Columns::of(row);
    let id = DispatchId::from_bytes(columns.bytes()?);
    let (sequence, organization, integration) = (columns.next()?, columns.next()?, columns.next()?);
    let address_deleted = columns.next()?;
    let mut known =
        Known { sequence, organization, integration, address_deleted, started_at: None, state: None, event: None };
    if let Err(error) = add_content(&mut known, &mut columns) {
        tracing::error!(dispatch = %id, %error);
    }
    Ok((id, known))
}

fn add_content(known: &mut Known, columns: &mut Columns<'_>) -> Result<(), Unreadable> {
    known.started_at = columns.optional_time()?;
    known.state = Some(states::state(columns)?);
    let organization = OrganizationId::from_bytes(columns.bytes()?);
    known.event = Some(Arc::new(Event {
        id: EventId::from_bytes(columns.bytes()?),
        organization,
        address_id: AddressId::from_bytes(columns.bytes()?),
        address: columns.next()?,
        occurred_at: columns.time()?,
        received_at: columns.time()?,
        payload: columns.json()?,
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(started_at: Option<Timestamp>) -> Known {
        Known {
            sequence: 1,
            organization: 1,
            integration: 1,
            address_deleted: false,
            started_at,
            state: None,
            event: None,
        }
    }

    #[test]
    fn room_is_given_back() {
        let [one, other] = [1, 2].map(|number| DispatchId::from_bytes([number; 16]));
        let mut dispatches = Dispatches::default();
        dispatches.add(one, known(None), ROOM_BYTES);
        assert!(!dispatches.have_room());
        dispatches.add(one, known(None), 10);
        assert!(dispatches.have_room());
        dispatches.add(other, known(Some(Timestamp::UNIX_EPOCH)), ROOM_BYTES);
        dispatches.forget_waiting([one, other].into_iter());
        assert!(dispatches.get(one).is_none() && !dispatches.have_room());
        dispatches.forget(other);
        assert_eq!((dispatches.bytes, dispatches.by_id.len()), (0, 0));
    }
}
