//! Integrations.

use jiff::Timestamp;

use super::{Page, Paged, StoreError};
use crate::{Integration, IntegrationId, OrganizationId};

/// Integrations of organizations. Deleted ones are not there.
#[async_trait::async_trait]
pub trait IntegrationStore: Send + Sync {
    /// Adds an integration, unless the organization has `limit` already; 0 for no limit. `false` if the organization
    /// is not there.
    ///
    /// # Errors
    /// [`super::Conflict::IntegrationLimitReached`], [`super::Conflict::IntegrationNameTaken`] (upper and lower case
    /// are one), [`super::Conflict::IntegrationAlreadyConnected`] (same provider and identity), checked in this order.
    async fn create_integration(&self, integration: &Integration, limit: u32) -> Result<bool, StoreError>;

    /// Finds an integration.
    async fn integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<Option<Integration>, StoreError>;

    /// The integrations of an organization, oldest first.
    async fn list_integrations(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<Integration>, StoreError>;

    /// How many there are, deleted ones not counted.
    async fn count_integrations(&self, organization: OrganizationId) -> Result<u32, StoreError>;

    /// How many addresses subscribe each of these integrations, in their order.
    async fn address_counts(
        &self,
        organization: OrganizationId,
        integrations: &[IntegrationId],
    ) -> Result<Vec<u64>, StoreError>;

    /// Writes an integration that was read as revision `changed.revision` and gives it the next revision. `false` if
    /// it is not there.
    ///
    /// # Errors
    /// [`super::Conflict::Outdated`] if it has another revision, and the conflicts of a new one.
    async fn update_integration(&self, changed: &Integration) -> Result<bool, StoreError>;

    /// Deletes an integration: its secret is erased, its subscriptions go, its waiting dispatches are canceled, its
    /// history stays. `None` if it is not there.
    async fn delete_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
        now: Timestamp,
    ) -> Result<Option<DeletedIntegration>, StoreError>;
}

/// What went with an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedIntegration {
    /// How many addresses were subscribed.
    pub cleared_addresses: u64,
    /// How many dispatches were waiting.
    pub canceled_dispatches: u64,
}
