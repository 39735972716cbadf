//! Addresses and subscriptions.

use jiff::Timestamp;

use super::{MemoryStore, rows::AddressRow, state::State};
use crate::{
    Address, AddressId, CancelReason, NewSubscription, OrganizationId, StoreError, SubscribedAddress, Subscription,
    store::{AddressStore, Conflict, Page, Paged},
};

#[async_trait::async_trait]
impl AddressStore for MemoryStore {
    async fn create_address(
        &self,
        address: &Address,
        subscriptions: &[NewSubscription],
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let mut state = self.state();
        if state.organizations.get(address.organization).is_none() {
            return Ok(None);
        }
        if state.address_names.contains_key(address.name.as_str()) {
            return Err(Conflict::AddressTaken.into());
        }
        let subscriptions = state.subscribe(address.organization, &[], subscriptions)?;
        let row = AddressRow { address: address.clone(), subscriptions, deleted: false };
        let subscribed = state.with_subscriptions(&row);
        state.address_names.insert(address.name.as_str().to_owned(), address.id);
        state.addresses.insert(address.id, row);
        Ok(Some(subscribed))
    }

    async fn address(
        &self,
        organization: OrganizationId,
        id: AddressId,
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let state = self.state();
        Ok(state.address(organization, id).map(|row| state.with_subscriptions(row)))
    }

    async fn list_addresses(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<SubscribedAddress>, StoreError> {
        let state = self.state();
        Ok(state.addresses.page(page, |row| {
            (!row.deleted && row.address.organization == organization).then(|| state.with_subscriptions(row))
        }))
    }

    async fn set_subscriptions(
        &self,
        organization: OrganizationId,
        address: AddressId,
        wanted: &[NewSubscription],
        now: Timestamp,
    ) -> Result<Option<SubscribedAddress>, StoreError> {
        let mut state = self.state();
        let Some(row) = state.address(organization, address) else { return Ok(None) };
        let subscriptions = state.subscribe(organization, &row.subscriptions, wanted)?;
        if let Some(row) = state.addresses.get_mut(address) {
            row.subscriptions = subscriptions;
            row.address.updated_at = now;
        }
        Ok(state.address(organization, address).map(|row| state.with_subscriptions(row)))
    }

    async fn delete_address(
        &self,
        organization: OrganizationId,
        id: AddressId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state.address(organization, id) else { return Ok(false) };
        let name = row.address.name.as_str().to_owned();
        state.address_names.remove(&name);
        if let Some(row) = state.addresses.get_mut(id) {
            row.deleted = true;
            row.subscriptions.clear();
            row.address.updated_at = now;
        }
        state.cancel_waiting(CancelReason::AddressDeleted, |dispatch| dispatch.address_id == id);
        Ok(true)
    }
}

impl State {
    /// The subscriptions that fulfil `wanted`, where those of `present` stay as they are.
    fn subscribe(
        &self,
        organization: OrganizationId,
        present: &[NewSubscription],
        wanted: &[NewSubscription],
    ) -> Result<Vec<NewSubscription>, Conflict> {
        let same =
            |a: &NewSubscription, b: &NewSubscription| (a.integration, a.event_type) == (b.integration, b.event_type);
        let mut subscriptions: Vec<NewSubscription> = Vec::new();
        for wish in wanted {
            let integration = self.integration(wish.integration).ok_or(Conflict::UnknownIntegration)?;
            if integration.organization != organization {
                return Err(Conflict::UnknownIntegration);
            }
            if !subscriptions.iter().any(|other| same(other, wish)) {
                subscriptions.push(*present.iter().find(|other| same(other, wish)).unwrap_or(wish));
            }
        }
        Ok(subscriptions)
    }

    fn with_subscriptions(&self, row: &AddressRow) -> SubscribedAddress {
        let subscriptions = row.subscriptions.iter().filter_map(|wish| {
            let integration = self.integration(wish.integration)?;
            let subscription = Subscription {
                id: wish.id,
                integration: wish.integration,
                event_type: wish.event_type,
                provider: integration.provider.clone(),
                name: integration.name.clone(),
                status: integration.status,
            };
            Some(((integration.name_key(), wish.event_type), subscription))
        });
        let mut subscriptions: Vec<_> = subscriptions.collect();
        subscriptions.sort_by(|(a, _), (b, _)| a.cmp(b));
        let subscriptions = subscriptions.into_iter().map(|(_, subscription)| subscription).collect();
        SubscribedAddress { address: row.address.clone(), subscriptions }
    }
}
