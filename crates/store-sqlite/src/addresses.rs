//! Addresses.

use std::collections::HashMap;

use integrations_core::{
    Address, AddressId, AddressName, CancelReason, NewSubscription, OrganizationId, StoreError, SubscribedAddress,
    Subscription,
    store::{AddressStore, Conflict, Page, Paged},
};
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    SqliteStore, accounts, cancel,
    columns::{Columns, Unreadable},
    failure::Failure,
    session::Query,
    subscriptions,
    value::{integer, millis},
};

pub(crate) const ONE: &str = "SELECT a.sequence, a.id, o.id, a.name, a.created_at, a.updated_at \
    FROM addresses a JOIN organizations o ON o.sequence = a.organization \
    WHERE a.id = ? AND o.id = ? AND a.deleted_at IS NULL";

pub(crate) const LIST: &str = "SELECT a.sequence, a.id, o.id, a.name, a.created_at, a.updated_at \
    FROM organizations o CROSS JOIN addresses a ON a.organization = o.sequence \
    WHERE o.id = ? AND a.deleted_at IS NULL AND a.sequence > ? ORDER BY a.sequence LIMIT ?";

#[async_trait::async_trait]
impl AddressStore for SqliteStore {
    async fn create_address(
        &self,
        address: &Address,
        subscriptions: &[NewSubscription],
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let input = (address.clone(), subscriptions.to_vec());
        self.writer.change(input, |tx, (address, wanted)| Box::pin(create(tx, address, wanted))).await
    }

    async fn address(
        &self,
        organization: OrganizationId,
        id: AddressId,
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let mut reader = self.readers.begin().await.map_err(Failure::from)?;
        Ok(find(&mut reader, organization, id).await?)
    }

    async fn list_addresses(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<SubscribedAddress>, StoreError> {
        let mut reader = self.readers.begin().await.map_err(Failure::from)?;
        let query = sqlx::query(LIST).bind(organization.as_bytes().as_slice());
        let query = query.bind(integer(page.after.unwrap_or_default())).bind(i64::from(page.limit) + 1);
        let rows = query.fetch_all(&mut *reader).await.map_err(Failure::from)?;
        let addresses = with_subscriptions(&mut reader, &rows).await?;
        let numbers = rows.iter().map(|row| Columns::of(row).number()).collect::<Result<Vec<u64>, _>>()?;
        Ok(Paged::from_rows(numbers.into_iter().zip(addresses).collect(), page.limit))
    }

    async fn set_subscriptions(
        &self,
        organization: OrganizationId,
        address: AddressId,
        wanted: &[NewSubscription],
        now: Timestamp,
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let input = (organization, address, wanted.to_vec(), now);
        let changed = self.writer.change(input, |tx, (organization, address, wanted, now)| {
            Box::pin(subscribe(tx, *organization, *address, wanted, *now))
        });
        changed.await
    }

    async fn delete_address(
        &self,
        organization: OrganizationId,
        id: AddressId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let input = (organization, id, now);
        self.writer.change(input, |tx, (organization, id, now)| Box::pin(delete(tx, *organization, *id, *now))).await
    }
}

fn one<'q>(organization: OrganizationId, id: AddressId) -> Query<'q> {
    sqlx::query(ONE).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice())
}

async fn find(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: AddressId,
) -> Result<Option<SubscribedAddress>, Failure> {
    let rows = one(organization, id).fetch_all(&mut *connection).await?;
    Ok(with_subscriptions(connection, &rows).await?.pop())
}

async fn create(
    tx: &mut SqliteConnection,
    new: &Address,
    wanted: &[NewSubscription],
) -> Result<Option<SubscribedAddress>, Failure> {
    let Some(organization) = accounts::sequence(tx, new.organization).await? else { return Ok(None) };
    let taken = "SELECT EXISTS (SELECT 1 FROM addresses WHERE name = ? AND deleted_at IS NULL)";
    if sqlx::query_scalar(taken).bind(new.name.as_str()).fetch_one(&mut *tx).await? {
        return Err(Conflict::AddressTaken.into());
    }
    let insert = "INSERT INTO addresses (id, organization, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)";
    let insert = sqlx::query(insert).bind(new.id.as_bytes().as_slice()).bind(organization).bind(new.name.as_str());
    let insert = insert.bind(millis(new.created_at)).bind(millis(new.updated_at)).execute(&mut *tx).await?;
    subscriptions::replace(tx, organization, insert.last_insert_rowid(), wanted).await?;
    find(tx, new.organization, new.id).await
}

async fn subscribe(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: AddressId,
    wanted: &[NewSubscription],
    now: Timestamp,
) -> Result<Option<SubscribedAddress>, Failure> {
    let Some(row) = one(organization, id).fetch_optional(&mut *tx).await? else { return Ok(None) };
    let Some(owner) = accounts::sequence(tx, organization).await? else { return Ok(None) };
    let address: i64 = row.try_get(0)?;
    subscriptions::replace(tx, owner, address, wanted).await?;
    let touch = sqlx::query("UPDATE addresses SET updated_at = ?1 WHERE sequence = ?2");
    touch.bind(millis(now)).bind(address).execute(&mut *tx).await?;
    find(tx, organization, id).await
}

async fn delete(
    tx: &mut SqliteConnection,
    organization: OrganizationId,
    id: AddressId,
    now: Timestamp,
) -> Result<bool, Failure> {
    let Some(row) = one(organization, id).fetch_optional(&mut *tx).await? else { return Ok(false) };
    let address: i64 = row.try_get(0)?;
    sqlx::query("DELETE FROM subscriptions WHERE address = ?").bind(address).execute(&mut *tx).await?;
    let delete = sqlx::query("UPDATE addresses SET deleted_at = ?1, updated_at = ?1 WHERE sequence = ?2");
    delete.bind(millis(now)).bind(address).execute(&mut *tx).await?;
    cancel::waiting(tx, cancel::Of::Address(address), CancelReason::AddressDeleted).await?;
    Ok(true)
}

/// The addresses of these rows, in their order.
async fn with_subscriptions(
    connection: &mut SqliteConnection,
    rows: &[SqliteRow],
) -> Result<Vec<SubscribedAddress>, Failure> {
    let addresses = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let sequences: Vec<_> = addresses.iter().map(|(sequence, _)| *sequence).collect();
    let mut subscriptions: HashMap<i64, Vec<Subscription>> = HashMap::new();
    for (address, subscription) in subscriptions::of_addresses(connection, &sequences).await? {
        subscriptions.entry(address).or_default().push(subscription);
    }
    let subscribed = addresses.into_iter().map(|(sequence, address)| {
        let subscriptions = subscriptions.remove(&sequence).unwrap_or_default();
        SubscribedAddress { address, subscriptions }
    });
    Ok(subscribed.collect())
}

fn read(row: &SqliteRow) -> Result<(i64, Address), Unreadable> {
    let mut columns = Columns::of(row);
    let sequence = columns.next()?;
    let (id, organization) = (AddressId::from_bytes(columns.bytes()?), OrganizationId::from_bytes(columns.bytes()?));
    let name = AddressName::parse(columns.next()?).map_err(|_| columns.last_unreadable())?;
    let address = Address { id, organization, name, created_at: columns.time()?, updated_at: columns.time()? };
    Ok((sequence, address))
}
