//! Organizations, their keys, and the canary.

use integrations_core::{
    ApiKey, ApiKeyId, Organization, OrganizationId, Scope, Sealed, StoreError,
    store::{AccountStore, CanaryStore, Page, Paged},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    SqliteStore,
    columns::{Columns, Unreadable},
    erase::erase,
    failure::Failure,
    lists::piece,
    value::millis,
};

pub(crate) const LIST_ORGANIZATIONS: &str =
    "SELECT sequence, id, name, created_at FROM organizations WHERE sequence > ? ORDER BY sequence LIMIT ?";

pub(crate) const LIST_KEYS: &str = "SELECT k.sequence, k.id, o.id, k.name, k.scopes, k.hash, k.created_at \
    FROM organizations o CROSS JOIN api_keys k ON k.organization = o.sequence \
    WHERE o.id = ? AND k.sequence > ? ORDER BY k.sequence LIMIT ?";

const KEY: &str = "SELECT k.sequence, k.id, o.id, k.name, k.scopes, k.hash, k.created_at \
    FROM api_keys k JOIN organizations o ON o.sequence = k.organization WHERE k.id = ?";

#[async_trait::async_trait]
impl AccountStore for SqliteStore {
    async fn create_organization(&self, organization: &Organization) -> Result<(), StoreError> {
        self.writer.change(organization.clone(), |tx, new| Box::pin(create_organization(tx, new))).await
    }

    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        let query = "SELECT sequence, id, name, created_at FROM organizations WHERE id = ?";
        let row = self.read_one(sqlx::query(query).bind(id.as_bytes().as_slice())).await?;
        Ok(row.map(|row| read_organization(&row)).transpose()?)
    }

    async fn list_organizations(&self, page: Page) -> Result<Paged<Organization>, StoreError> {
        piece(self, sqlx::query(LIST_ORGANIZATIONS), page, read_organization).await
    }

    async fn delete_organization(&self, id: OrganizationId) -> Result<bool, StoreError> {
        self.writer.erase(id, |tx, id| Box::pin(erase(tx, *id))).await
    }

    async fn create_api_key(&self, key: &ApiKey) -> Result<bool, StoreError> {
        self.writer.change(key.clone(), |tx, new| Box::pin(create_key(tx, new))).await
    }

    async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let row = self.read_one(sqlx::query(KEY).bind(id.as_bytes().as_slice())).await?;
        Ok(row.map(|row| read_key(&row)).transpose()?)
    }

    async fn list_api_keys(&self, organization: OrganizationId, page: Page) -> Result<Paged<ApiKey>, StoreError> {
        piece(self, sqlx::query(LIST_KEYS).bind(organization.as_bytes().as_slice()), page, read_key).await
    }

    async fn delete_api_key(&self, organization: OrganizationId, id: ApiKeyId) -> Result<bool, StoreError> {
        self.writer
            .change((organization, id), |tx, (organization, id)| Box::pin(delete_key(tx, *organization, *id)))
            .await
    }
}

#[async_trait::async_trait]
impl CanaryStore for SqliteStore {
    async fn canary(&self) -> Result<Option<Sealed>, StoreError> {
        let row = self.read_one(sqlx::query("SELECT envelope FROM canary")).await?;
        Ok(row.map(|row| Columns::of(&row).next()).transpose()?.map(|envelope| Sealed { envelope }))
    }

    async fn ensure_canary(&self, canary: &Sealed) -> Result<Sealed, StoreError> {
        self.writer.change(canary.clone(), |tx, canary| Box::pin(ensure_canary(tx, canary))).await
    }
}

/// The sequence number of an organization, if it is there.
pub(crate) async fn sequence(tx: &mut SqliteConnection, id: OrganizationId) -> sqlx::Result<Option<i64>> {
    let query = sqlx::query_scalar("SELECT sequence FROM organizations WHERE id = ?");
    query.bind(id.as_bytes().as_slice()).fetch_optional(tx).await
}

async fn create_organization(tx: &mut SqliteConnection, new: &Organization) -> Result<(), Failure> {
    let insert = sqlx::query("INSERT INTO organizations (id, name, created_at) VALUES (?, ?, ?)");
    let insert = insert.bind(new.id.as_bytes().as_slice()).bind(new.name.as_str()).bind(millis(new.created_at));
    insert.execute(tx).await?;
    Ok(())
}

async fn create_key(tx: &mut SqliteConnection, new: &ApiKey) -> Result<bool, Failure> {
    let Some(organization) = sequence(tx, new.organization).await? else { return Ok(false) };
    let scopes: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
    let insert = "INSERT INTO api_keys (id, organization, name, scopes, hash, created_at) VALUES (?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(insert).bind(new.id.as_bytes().as_slice()).bind(organization).bind(new.name.as_str());
    let insert = insert.bind(scopes.join(" ")).bind(new.hash.as_slice()).bind(millis(new.created_at));
    insert.execute(tx).await?;
    Ok(true)
}

async fn delete_key(tx: &mut SqliteConnection, organization: OrganizationId, id: ApiKeyId) -> Result<bool, Failure> {
    let delete = "DELETE FROM api_keys WHERE id = ?1 \
                  AND organization = (SELECT sequence FROM organizations WHERE id = ?2)";
    let delete = sqlx::query(delete).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice());
    Ok(delete.execute(tx).await?.rows_affected() > 0)
}

async fn ensure_canary(tx: &mut SqliteConnection, canary: &Sealed) -> Result<Sealed, Failure> {
    let insert = sqlx::query("INSERT INTO canary (only, envelope) VALUES (1, ?) ON CONFLICT DO NOTHING");
    insert.bind(canary.envelope.as_slice()).execute(&mut *tx).await?;
    let envelope = sqlx::query_scalar("SELECT envelope FROM canary").fetch_one(tx).await?;
    Ok(Sealed { envelope })
}

fn read_organization(row: &SqliteRow) -> Result<Organization, Unreadable> {
    let mut columns = Columns::of(row);
    columns.next::<i64>()?;
    let id = OrganizationId::from_bytes(columns.bytes()?);
    Ok(Organization { id, name: columns.next()?, created_at: columns.time()? })
}

fn read_key(row: &SqliteRow) -> Result<ApiKey, Unreadable> {
    let mut columns = Columns::of(row);
    columns.next::<i64>()?;
    let (id, organization) = (ApiKeyId::from_bytes(columns.bytes()?), OrganizationId::from_bytes(columns.bytes()?));
    let (name, scopes): (String, &str) = (columns.next()?, columns.next()?);
    let scopes = scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::parse::<Scope>);
    let scopes = scopes.collect::<Result<_, _>>().map_err(|_| columns.last_unreadable())?;
    Ok(ApiKey { id, organization, name, scopes, hash: columns.bytes()?, created_at: columns.time()? })
}
