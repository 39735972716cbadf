//! Organizations, their keys, and the installation's canary.

use super::{Page, Paged, StoreError};
use crate::{ApiKey, ApiKeyId, Organization, OrganizationId, Sealed};

/// Organizations and API keys.
#[async_trait::async_trait]
pub trait AccountStore: Send + Sync {
    /// Adds an organization.
    async fn create_organization(&self, organization: &Organization) -> Result<(), StoreError>;

    /// Finds an organization.
    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError>;

    /// All organizations, oldest first.
    async fn list_organizations(&self, page: Page) -> Result<Paged<Organization>, StoreError>;

    /// Erases an organization and everything that belongs to it, history included. `false` if it is not there.
    async fn delete_organization(&self, id: OrganizationId) -> Result<bool, StoreError>;

    /// Adds a key. `false` if its organization is not there.
    async fn create_api_key(&self, key: &ApiKey) -> Result<bool, StoreError>;

    /// Finds a key of any organization, to authenticate with it.
    async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;

    /// The keys of an organization, oldest first.
    async fn list_api_keys(&self, organization: OrganizationId, page: Page) -> Result<Paged<ApiKey>, StoreError>;

    /// Removes a key. `false` if it is not there.
    async fn delete_api_key(&self, organization: OrganizationId, id: ApiKeyId) -> Result<bool, StoreError>;
}

/// A sealed text that tells at the start whether the key is the right one.
#[async_trait::async_trait]
pub trait CanaryStore: Send + Sync {
    /// The canary, if one was ever stored.
    async fn canary(&self) -> Result<Option<Sealed>, StoreError>;

    /// Stores the canary if there is none, and gives the one that is there now.
    async fn ensure_canary(&self, canary: &Sealed) -> Result<Sealed, StoreError>;
}
