//! Addresses and subscriptions.

use jiff::Timestamp;

use super::{Page, Paged, StoreError};
use crate::{Address, AddressId, NewSubscription, OrganizationId, SubscribedAddress};

/// Addresses of organizations. Deleted ones are not there, and their names are free again.
#[async_trait::async_trait]
pub trait AddressStore: Send + Sync {
    /// Adds an address with its subscriptions, repeats folded. `None` if the organization is not there.
    ///
    /// # Errors
    /// [`super::Conflict::AddressTaken`] if any organization has it; [`super::Conflict::UnknownIntegration`].
    async fn create_address(
        &self,
        address: &Address,
        subscriptions: &[NewSubscription],
    ) -> Result<Option<SubscribedAddress>, StoreError>;

    /// Finds an address.
    async fn address(
        &self,
        organization: OrganizationId,
        id: AddressId,
    ) -> Result<Option<SubscribedAddress>, StoreError>;

    /// The addresses of an organization, oldest first.
    async fn list_addresses(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<SubscribedAddress>, StoreError>;

    /// Makes `wanted` the subscriptions of an address; repeats are folded. Those that are there already keep their identifier and row;
    /// the others are added or removed. Dispatches are not touched. `None` if the address is not there.
    ///
    /// # Errors
    /// [`super::Conflict::UnknownIntegration`]; then nothing is changed.
    async fn set_subscriptions(
        &self,
        organization: OrganizationId,
        address: AddressId,
        wanted: &[NewSubscription],
        now: Timestamp,
    ) -> Result<Option<SubscribedAddress>, StoreError>;

    /// Deletes an address: its subscriptions go, its waiting dispatches are canceled, its history stays. `false` if it
    /// is not there.
    async fn delete_address(
        &self,
        organization: OrganizationId,
        id: AddressId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
