//! Dispatches for their owners.

use integrations_core::{
    AddressId, Attempt, CancelReason, Dispatch, DispatchId, DispatchState, EventId, IntegrationId, OrganizationId,
    Payload, QueueEntry, StoreError,
    store::{DispatchFilter, DispatchStore, Page, Paged},
};
use jiff::Timestamp;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    SqliteStore, attempts,
    columns::{Columns, Unreadable},
    failure::Failure,
    history,
    session::{Bulk, Session},
    states::{self, Changes, Facts, select_facts, state_columns},
};

/// Everything that owners see of a dispatch `d`.
macro_rules! select_dispatch {
    ($from:literal) => {
        concat!(
            "SELECT d.id, o.id, e.id, i.id, i.provider, a.id, a.name, e.received_at, e.payload, ",
            state_columns!(),
            " FROM ",
            $from,
            " CROSS JOIN organizations o ON o.sequence = d.organization",
            " CROSS JOIN events e ON e.sequence = d.event",
            " CROSS JOIN integrations i ON i.sequence = d.integration",
            " CROSS JOIN addresses a ON a.sequence = d.address WHERE o.id = "
        )
    };
}

/// With the organization as a parameter behind that of the dispatch.
pub(crate) const ONE: &str = concat!(select_dispatch!("dispatches d"), "?2 AND d.id = ?1");

/// In the order of the given sequence numbers.
pub(crate) const BY_SEQUENCE: Bulk<2> =
    Bulk(concat!(select_dispatch!("({rows}) CROSS JOIN dispatches d ON d.sequence = column1"), "column2"));

pub(crate) const FACTS: &str = select_facts!(from "dispatches d" where "d.id = ?1 AND o.id = ?2");

#[async_trait::async_trait]
impl DispatchStore for SqliteStore {
    async fn dispatch(&self, organization: OrganizationId, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(Failure::from)?;
        Ok(find(&mut reader, organization, id).await?)
    }

    async fn list_dispatches(
        &self,
        organization: OrganizationId,
        filter: DispatchFilter,
        page: Page,
    ) -> Result<Paged<Dispatch>, StoreError> {
        Ok(history::list(&self.readers, organization, filter, page).await?)
    }

    async fn dispatch_with_attempts(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, Vec<Attempt>)>, StoreError> {
        // One transaction, so that both statements see the same state.
        let mut reader = self.readers.begin().await.map_err(Failure::from)?;
        let Some(dispatch) = find(&mut reader, organization, id).await? else { return Ok(None) };
        Ok(Some((dispatch, attempts::of(&mut reader, organization, id).await?)))
    }

    async fn cancel(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, bool)>, StoreError> {
        self.writer.change((organization, id), |tx, (organization, id)| Box::pin(cancel(tx, *organization, *id))).await
    }

    async fn replay(
        &self,
        organization: OrganizationId,
        id: DispatchId,
        now: Timestamp,
    ) -> Result<Option<(Dispatch, Option<QueueEntry>)>, StoreError> {
        let input = (organization, id, now);
        self.writer.change(input, |tx, (organization, id, now)| Box::pin(replay(tx, *organization, *id, *now))).await
    }
}

async fn find(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: DispatchId,
) -> Result<Option<Dispatch>, Failure> {
    let query = sqlx::query(ONE).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice());
    let row = query.fetch_optional(connection).await?;
    Ok(row.map(|row| read(&row)).transpose()?)
}

async fn facts(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: DispatchId,
) -> Result<Option<Facts>, Failure> {
    let query = sqlx::query(FACTS).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice());
    let row = query.fetch_optional(tx).await?;
    Ok(row.map(|row| Facts::read(&row)).transpose()?)
}

async fn cancel(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: DispatchId,
) -> Result<Option<(Dispatch, bool)>, Failure> {
    let Some(facts) = facts(tx, organization, id).await? else { return Ok(None) };
    let canceled = facts.state.canceled(CancelReason::Requested);
    let changed = canceled.is_some();
    if let Some(canceled) = canceled {
        change(tx, &facts, canceled).await?;
    }
    Ok(find(tx, organization, id).await?.map(|dispatch| (dispatch, changed)))
}

async fn replay(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: DispatchId,
    now: Timestamp,
) -> Result<Option<(Dispatch, Option<QueueEntry>)>, Failure> {
    let Some(mut facts) = facts(tx, organization, id).await? else { return Ok(None) };
    let wanted = facts.deleted().is_none();
    let mut entry = None;
    if let Some(replayed) = facts.state.replayed(now).filter(|_| wanted) {
        change(tx, &facts, replayed.clone()).await?;
        facts.state = replayed;
        entry = facts.entry();
    }
    Ok(find(tx, organization, id).await?.map(|dispatch| (dispatch, entry)))
}

async fn change(tx: &mut SqliteConnection, facts: &Facts, state: DispatchState) -> sqlx::Result<()> {
    let mut changes = Changes::default();
    changes.add(facts.sequence, facts.organization, facts.state.clone(), state, None);
    let mut session = Session::over(tx);
    changes.store(&mut session, None);
    session.flush().await
}

pub(crate) fn read(row: &SqliteRow) -> Result<Dispatch, Unreadable> {
    let mut columns = Columns::of(row);
    let (id, organization) = (DispatchId::from_bytes(columns.bytes()?), OrganizationId::from_bytes(columns.bytes()?));
    let (event, integration) = (EventId::from_bytes(columns.bytes()?), IntegrationId::from_bytes(columns.bytes()?));
    let provider = columns.next()?;
    let (address_id, address) = (AddressId::from_bytes(columns.bytes()?), columns.next()?);
    let (created_at, payload): (_, Payload) = (columns.time()?, columns.json()?);
    Ok(Dispatch {
        id,
        organization,
        event,
        event_type: payload.event_type(),
        integration,
        provider,
        address_id,
        address,
        subject: payload.subject().map(str::to_owned),
        state: states::state(&mut columns)?,
        created_at,
    })
}
