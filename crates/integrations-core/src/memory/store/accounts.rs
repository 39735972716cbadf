//! Organizations, their keys, and the canary.

use super::{MemoryStore, state::State};
use crate::{
    ApiKey, ApiKeyId, Organization, OrganizationId, Sealed, StoreError,
    store::{AccountStore, CanaryStore, Page, Paged},
};

#[async_trait::async_trait]
impl AccountStore for MemoryStore {
    async fn create_organization(&self, organization: &Organization) -> Result<(), StoreError> {
        self.state().organizations.insert(organization.id, organization.clone());
        Ok(())
    }

    async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        Ok(self.state().organizations.get(id).cloned())
    }

    async fn list_organizations(&self, page: Page) -> Result<Paged<Organization>, StoreError> {
        Ok(self.state().organizations.page(page, |row| Some(row.clone())))
    }

    async fn delete_organization(&self, id: OrganizationId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let found = state.organizations.get(id).is_some();
        state.erase(id);
        Ok(found)
    }

    async fn create_api_key(&self, key: &ApiKey) -> Result<bool, StoreError> {
        let mut state = self.state();
        let found = state.organizations.get(key.organization).is_some();
        if found {
            state.keys.insert(key.id, key.clone());
        }
        Ok(found)
    }

    async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.state().keys.get(id).cloned())
    }

    async fn list_api_keys(&self, organization: OrganizationId, page: Page) -> Result<Paged<ApiKey>, StoreError> {
        Ok(self.state().keys.page(page, |key| (key.organization == organization).then(|| key.clone())))
    }

    async fn delete_api_key(&self, organization: OrganizationId, id: ApiKeyId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let found = state.keys.get(id).is_some_and(|key| key.organization == organization);
        if found {
            state.keys.retain(|key| key.id != id);
        }
        Ok(found)
    }
}

#[async_trait::async_trait]
impl CanaryStore for MemoryStore {
    async fn canary(&self) -> Result<Option<Sealed>, StoreError> {
        Ok(self.state().canary.clone())
    }

    async fn ensure_canary(&self, canary: &Sealed) -> Result<Sealed, StoreError> {
        Ok(self.state().canary.get_or_insert_with(|| canary.clone()).clone())
    }
}

impl State {
    /// Removes every trace of an organization.
    fn erase(&mut self, id: OrganizationId) {
        self.organizations.retain(|row| row.id != id);
        self.keys.retain(|row| row.organization != id);
        self.integrations.retain(|row| row.integration.organization != id);
        self.addresses.retain(|row| row.address.organization != id);
        let addresses = &self.addresses;
        self.address_names.retain(|_, address| addresses.get(*address).is_some());
        self.events.retain(|_, event| event.organization != id);
        self.seen.retain(|(_, organization, _), _| *organization != id);
        self.dispatches.erase(id);
        self.windows.remove(&id);
        self.lanes.retain(|_, (owner, _)| *owner != Some(id));
    }
}
