//! Integrations.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use integrations_core::{
    CancelReason, DispatchId, Integration, IntegrationId, OrganizationId, Reach, Sealed, StoreError,
    store::{Conflict, DeletedIntegration, IntegrationStore, Page, Paged},
};
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    SqliteStore, accounts, cancel,
    columns::{Columns, Unreadable},
    failure::Failure,
    lists::piece,
    session::{Bulk, Query, Session},
    value::{integer, millis},
    working::{Stored, Working},
};

/// The columns of an integration `i` of an organization `o`.
macro_rules! integration_columns {
    () => {
        "i.id, o.id, i.provider, i.name, i.status, i.status_reason, i.connection, i.secret, i.secret_version, \
         i.revision, i.last_validated_at, i.created_at, i.updated_at"
    };
}

/// Along with whether there are lanes that are not free.
pub(crate) const BY_SEQUENCE: Bulk<1> = Bulk(concat!(
    "SELECT i.sequence, i.deleted_at IS NOT NULL, EXISTS (SELECT 1 FROM lanes), ",
    integration_columns!(),
    " FROM ({rows}) CROSS JOIN integrations i ON i.sequence = column1 ",
    "CROSS JOIN organizations o ON o.sequence = i.organization"
));

pub(crate) const ONE: &str = concat!(
    "SELECT i.sequence, ",
    integration_columns!(),
    " FROM integrations i JOIN organizations o ON o.sequence = i.organization ",
    "WHERE i.id = ?1 AND o.id = ?2 AND i.deleted_at IS NULL"
);

pub(crate) const LIST: &str = concat!(
    "SELECT i.sequence, ",
    integration_columns!(),
    " FROM organizations o CROSS JOIN integrations i ON i.organization = o.sequence ",
    "WHERE o.id = ? AND i.deleted_at IS NULL AND i.sequence > ? ORDER BY i.sequence LIMIT ?"
);

pub(crate) const COUNT: &str = "SELECT count(*) FROM organizations o CROSS JOIN integrations i \
    ON i.organization = o.sequence WHERE o.id = ?1 AND i.deleted_at IS NULL";

/// Rows of number, organization and integration.
pub(crate) const ADDRESS_COUNTS: Bulk<3> = Bulk(
    "SELECT column1, (SELECT count(DISTINCT s.address) FROM integrations i \
     JOIN organizations o ON o.sequence = i.organization JOIN subscriptions s ON s.integration = i.sequence \
     WHERE i.id = column3 AND o.id = column2) FROM ({rows}) WHERE column1 IS NOT NULL",
);

#[async_trait::async_trait]
impl IntegrationStore for SqliteStore {
    async fn create_integration(&self, integration: &Integration, limit: u32) -> Result<bool, StoreError> {
        let input = (integration.clone(), limit);
        self.writer.change(input, |tx, (integration, limit)| Box::pin(create(tx, integration, *limit))).await
    }

    async fn integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<Option<Integration>, StoreError> {
        let row = self.read_one(one(organization, id)).await?;
        Ok(row.map(|row| read_listed(&row)).transpose()?)
    }

    async fn list_integrations(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<Integration>, StoreError> {
        piece(self, sqlx::query(LIST).bind(organization.as_bytes().as_slice()), page, read_listed).await
    }

    async fn count_integrations(&self, organization: OrganizationId) -> Result<u32, StoreError> {
        let row = self.read_one(sqlx::query(COUNT).bind(organization.as_bytes().as_slice())).await?;
        Ok(row.map(|row| Columns::of(&row).number()).transpose()?.unwrap_or_default())
    }

    async fn address_counts(
        &self,
        organization: OrganizationId,
        integrations: &[IntegrationId],
    ) -> Result<Vec<u64>, StoreError> {
        let mut reader = self.readers.acquire().await.map_err(Failure::from)?;
        let numbered =
            (0_u64..).zip(integrations).map(|(number, id)| [number.into(), organization.into(), (*id).into()]);
        let rows = Session::over(&mut reader).read(ADDRESS_COUNTS, numbered).await.map_err(Failure::from)?;
        let count = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok((columns.number()?, columns.number()?))
        };
        let counts = rows.iter().map(count).collect::<Result<HashMap<usize, u64>, Unreadable>>()?;
        Ok((0..integrations.len()).map(|number| counts.get(&number).copied().unwrap_or_default()).collect())
    }

    async fn update_integration(&self, changed: &Integration) -> Result<bool, StoreError> {
        self.writer.change(changed.clone(), |tx, changed| Box::pin(update(tx, changed))).await
    }

    async fn delete_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
        now: Timestamp,
    ) -> Result<Option<DeletedIntegration>, StoreError> {
        let input = (organization, id, now);
        self.writer.change(input, |tx, (organization, id, now)| Box::pin(delete(tx, *organization, *id, *now))).await
    }
}

fn one<'q>(organization: OrganizationId, id: IntegrationId) -> Query<'q> {
    sqlx::query(ONE).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice())
}

async fn create(tx: &mut SqliteConnection, new: &Integration, limit: u32) -> Result<bool, Failure> {
    let Some(organization) = accounts::sequence(tx, new.organization).await? else { return Ok(false) };
    let count: i64 = sqlx::query_scalar(COUNT).bind(new.organization.as_bytes().as_slice()).fetch_one(&mut *tx).await?;
    if limit > 0 && count >= i64::from(limit) {
        return Err(Conflict::IntegrationLimitReached { limit }.into());
    }
    check_unique(tx, organization, new).await?;
    let insert = "INSERT INTO integrations (provider, name, name_key, status, status_reason, connection, identity, \
                  lane, secret, secret_version, revision, last_validated_at, created_at, updated_at, id, organization) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = bind(sqlx::query(insert), new)?;
    insert.bind(new.id.as_bytes().as_slice()).bind(organization).execute(tx).await?;
    Ok(true)
}

async fn update(tx: &mut SqliteConnection, changed: &Integration) -> Result<bool, Failure> {
    let Some(row) = one(changed.organization, changed.id).fetch_optional(&mut *tx).await? else { return Ok(false) };
    if read_listed(&row)?.revision != changed.revision {
        return Err(Conflict::Outdated.into());
    }
    let Some(organization) = accounts::sequence(tx, changed.organization).await? else { return Ok(false) };
    check_unique(tx, organization, changed).await?;
    let sequence: i64 = row.try_get(0)?;
    let next = Integration { revision: changed.revision + 1, ..changed.clone() };
    overwrite(tx, sequence, &next).await?;
    Ok(true)
}

/// Whether its name and its destination are not in use by another one.
async fn check_unique(tx: &mut SqliteConnection, organization: i64, wanted: &Integration) -> Result<(), Failure> {
    let taken = "SELECT coalesce(max(name_key = ?2), 0), coalesce(max(provider = ?3 AND identity = ?4), 0) \
                 FROM integrations WHERE organization = ?1 AND deleted_at IS NULL AND id <> ?5";
    let taken = sqlx::query_as(taken).bind(organization).bind(wanted.name_key()).bind(wanted.provider.as_str());
    let taken = taken.bind(wanted.connection.identity.as_str()).bind(wanted.id.as_bytes().as_slice());
    let (name, destination): (bool, bool) = taken.fetch_one(tx).await?;
    if name {
        return Err(Conflict::IntegrationNameTaken.into());
    }
    if destination {
        return Err(Conflict::IntegrationAlreadyConnected.into());
    }
    Ok(())
}

/// Writes everything of an integration.
pub(crate) async fn overwrite(tx: &mut SqliteConnection, sequence: i64, next: &Integration) -> sqlx::Result<()> {
    let update = "UPDATE integrations SET provider = ?, name = ?, name_key = ?, status = ?, status_reason = ?, \
                  connection = ?, identity = ?, lane = ?, secret = ?, secret_version = ?, revision = ?, \
                  last_validated_at = ?, created_at = ?, updated_at = ? WHERE sequence = ?";
    let update = bind(sqlx::query(update), next)?;
    update.bind(sequence).execute(tx).await?;
    Ok(())
}

fn bind<'q>(query: Query<'q>, integration: &Integration) -> sqlx::Result<Query<'q>> {
    let connection =
        serde_json::to_string(&integration.connection).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let query = query.bind(integration.provider.clone()).bind(integration.name.clone()).bind(integration.name_key());
    let query = query.bind(integration.status.as_str()).bind(integration.status_reason.clone());
    let query = query.bind(connection).bind(integration.connection.identity.clone());
    let query = query.bind(integration.lane_key(Reach::Destination).as_str());
    let query = query.bind(integration.secret.envelope.as_slice()).bind(integration.secret_version);
    let query = query.bind(integer(integration.revision)).bind(integration.last_validated_at.map(millis));
    Ok(query.bind(millis(integration.created_at)).bind(millis(integration.updated_at)))
}

async fn delete(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: IntegrationId,
    now: Timestamp,
) -> Result<Option<DeletedIntegration>, Failure> {
    let Some(row) = one(organization, id).fetch_optional(&mut *tx).await? else { return Ok(None) };
    let sequence: i64 = row.try_get(0)?;
    let touch = "UPDATE addresses SET updated_at = ?1 \
                 WHERE sequence IN (SELECT address FROM subscriptions WHERE integration = ?2)";
    let cleared = sqlx::query(touch).bind(millis(now)).bind(sequence).execute(&mut *tx).await?.rows_affected();
    let unsubscribe = "DELETE FROM subscriptions WHERE integration = ?";
    sqlx::query(unsubscribe).bind(sequence).execute(&mut *tx).await?;
    let erase = "UPDATE integrations SET deleted_at = ?1, updated_at = ?1, secret = x'' WHERE sequence = ?2";
    sqlx::query(erase).bind(millis(now)).bind(sequence).execute(&mut *tx).await?;
    let canceled = cancel::waiting(tx, cancel::Of::Integration(sequence), CancelReason::IntegrationDeleted).await?;
    Ok(Some(DeletedIntegration { cleared_addresses: cleared, canceled_dispatches: canceled }))
}

/// Lets the writer know the integrations of these dispatches, and whether there are lanes that are not free.
pub(crate) async fn read(
    session: &mut Session<'_>,
    working: &mut Working,
    dispatches: impl Iterator<Item = DispatchId>,
) -> sqlx::Result<()> {
    let wanted = dispatches.filter_map(|id| Some(working.dispatches.get(id)?.integration));
    let unknown: BTreeSet<i64> = wanted.filter(|sequence| !working.integrations.contains_key(sequence)).collect();
    for row in &session.read(BY_SEQUENCE, unknown.into_iter().map(|sequence| [sequence.into()])).await? {
        match read_stored(row) {
            Ok((sequence, any_lanes, stored)) => {
                working.any_lanes = any_lanes;
                working.integrations.insert(sequence, stored);
            }
            Err(error) => tracing::error!(%error, "an integration is passed over"),
        }
    }
    Ok(())
}

/// An error if not even its place can be read.
fn read_stored(row: &SqliteRow) -> Result<(i64, bool, Stored), Unreadable> {
    let mut columns = Columns::of(row);
    let (sequence, deleted, any_lanes) = (columns.next()?, columns.next()?, columns.next()?);
    let integration = read_one(&mut columns).inspect_err(|error| tracing::error!(integration = sequence, %error));
    Ok((sequence, any_lanes, Stored { integration: integration.ok().map(Arc::new), deleted }))
}

/// Reads an integration behind its sequence number.
fn read_listed(row: &SqliteRow) -> Result<Integration, Unreadable> {
    let mut columns = Columns::of(row);
    columns.next::<i64>()?;
    read_one(&mut columns)
}

fn read_one(columns: &mut Columns<'_>) -> Result<Integration, Unreadable> {
    Ok(Integration {
        id: IntegrationId::from_bytes(columns.bytes()?),
        organization: OrganizationId::from_bytes(columns.bytes()?),
        provider: columns.next()?,
        name: columns.next()?,
        status: columns.name()?,
        status_reason: columns.next()?,
        connection: columns.json()?,
        secret: Sealed { envelope: columns.next()? },
        secret_version: columns.number()?,
        revision: columns.number()?,
        last_validated_at: columns.optional_time()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}
