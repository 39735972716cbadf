//! What is kept for people: addresses, integrations, the canary.

use integrations_core::{
    Address, AddressId, Integration, IntegrationId, NewSubscription, OrganizationId, Sealed, StoreError,
    SubscribedAddress,
    store::{AddressStore, CanaryStore, DeletedIntegration, IntegrationStore, Page, Paged},
};
use jiff::Timestamp;

use super::{Broken, D};

#[async_trait::async_trait]
impl CanaryStore for Broken {
    async fn canary(&self) -> Result<Option<Sealed>, StoreError> {
        self.inner.canary().await
    }

    async fn ensure_canary(&self, canary: &Sealed) -> Result<Sealed, StoreError> {
        let stored = self.inner.ensure_canary(canary).await?;
        Ok(if self.is(D::TheCanaryIsReplaced) { canary.clone() } else { stored })
    }
}

#[async_trait::async_trait]
impl AddressStore for Broken {
    async fn create_address(
        &self,
        address: &Address,
        wanted: &[NewSubscription],
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        self.inner.create_address(address, wanted).await
    }

    async fn address(&self, owner: OrganizationId, id: AddressId) -> Result<Option<SubscribedAddress>, StoreError> {
        self.inner.address(owner, id).await
    }

    async fn list_addresses(&self, owner: OrganizationId, page: Page) -> Result<Paged<SubscribedAddress>, StoreError> {
        self.inner.list_addresses(owner, page).await
    }

    async fn set_subscriptions(
        &self,
        owner: OrganizationId,
        address: AddressId,
        wanted: &[NewSubscription],
        now: Timestamp,
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        if self.is(D::SubscriptionsAreMadeAnew) {
            self.inner.set_subscriptions(owner, address, &[], now).await?;
        }
        self.inner.set_subscriptions(owner, address, wanted, now).await
    }

    async fn delete_address(&self, owner: OrganizationId, id: AddressId, now: Timestamp) -> Result<bool, StoreError> {
        if self.is(D::AddressesAreDeletedByAll) {
            for organization in self.organizations().await {
                if self.inner.delete_address(organization, id, now).await? {
                    return Ok(true);
                }
            }
        }
        self.inner.delete_address(owner, id, now).await
    }
}

#[async_trait::async_trait]
impl IntegrationStore for Broken {
    async fn create_integration(&self, integration: &Integration, limit: u32) -> Result<bool, StoreError> {
        let limit = if self.is(D::TheLimitIsForgotten) { 0 } else { limit };
        self.inner.create_integration(integration, limit).await
    }

    async fn integration(&self, owner: OrganizationId, id: IntegrationId) -> Result<Option<Integration>, StoreError> {
        let mut found = self.inner.integration(owner, id).await?;
        if self.is(D::IntegrationsAreForAll) {
            for organization in self.organizations().await {
                found = found.or(self.inner.integration(organization, id).await?);
            }
        }
        Ok(found)
    }

    async fn list_integrations(&self, owner: OrganizationId, page: Page) -> Result<Paged<Integration>, StoreError> {
        let mut paged = self.inner.list_integrations(owner, page).await?;
        paged.next = paged.next.filter(|_| !self.is(D::ListsEndEarly));
        Ok(paged)
    }

    async fn count_integrations(&self, owner: OrganizationId) -> Result<u32, StoreError> {
        self.inner.count_integrations(owner).await
    }

    async fn address_counts(&self, owner: OrganizationId, ids: &[IntegrationId]) -> Result<Vec<u64>, StoreError> {
        self.inner.address_counts(owner, ids).await
    }

    async fn update_integration(&self, changed: &Integration) -> Result<bool, StoreError> {
        let mut changed = changed.clone();
        if self.is(D::TheRevisionIsForgotten)
            && let Some(now) = self.inner.integration(changed.organization, changed.id).await?
        {
            changed.revision = now.revision;
        }
        self.inner.update_integration(&changed).await
    }

    async fn delete_integration(
        &self,
        owner: OrganizationId,
        id: IntegrationId,
        now: Timestamp,
    ) -> Result<Option<DeletedIntegration>, StoreError> {
        self.inner.delete_integration(owner, id, now).await
    }
}
