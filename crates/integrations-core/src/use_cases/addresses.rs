//! Addresses and what they subscribe.

use std::collections::BTreeSet;

use super::{Platform, PlatformError, error::found};
use crate::{
    Address, AddressId, AddressName, AddressNameError, EventType, IntegrationId, NewSubscription, OrganizationId,
    SubscribedAddress, SubscriptionId,
    store::{Conflict, Page, Paged},
};

/// A subscription that a user wants. The integration is text, since what cannot be parsed reads like what is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSubscription {
    /// The integration's identifier.
    pub integration: String,
    /// The events that are meant.
    pub event_type: EventType,
}

impl Platform {
    /// Adds an address, at the first of the installation's domains if none is given.
    ///
    /// # Errors
    /// The address is malformed, taken, or at another domain; a subscription names an unknown integration.
    pub async fn create_address(
        &self,
        organization: OrganizationId,
        local_part: &str,
        domain: Option<&str>,
        subscriptions: &[WantedSubscription],
    ) -> Result<SubscribedAddress, PlatformError> {
        let name = self.address_name(local_part, domain)?;
        let wanted = self.wanted(subscriptions)?;
        let id = AddressId::generate(&*self.ports().clock, &*self.ports().entropy);
        let now = self.now();
        let address = Address { id, organization, name, created_at: now, updated_at: now };
        found(self.ports().store.create_address(&address, &wanted).await?, organization)
    }

    /// Finds an address.
    ///
    /// # Errors
    /// It is not there.
    pub async fn address(
        &self,
        organization: OrganizationId,
        id: AddressId,
    ) -> Result<SubscribedAddress, PlatformError> {
        found(self.ports().store.address(organization, id).await?, id)
    }

    /// The addresses of an organization, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_addresses(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<SubscribedAddress>, PlatformError> {
        Ok(self.ports().store.list_addresses(organization, page).await?)
    }

    /// Makes `subscriptions` the whole set of an address. Those that stay keep their rows; dispatches are not touched.
    ///
    /// # Errors
    /// The address is not there, or a subscription names an unknown integration.
    pub async fn set_subscriptions(
        &self,
        organization: OrganizationId,
        id: AddressId,
        subscriptions: &[WantedSubscription],
    ) -> Result<SubscribedAddress, PlatformError> {
        let wanted = self.wanted(subscriptions)?;
        found(self.ports().store.set_subscriptions(organization, id, &wanted, self.now()).await?, id)
    }

    /// Deletes an address and cancels what waits because of it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn delete_address(&self, organization: OrganizationId, id: AddressId) -> Result<(), PlatformError> {
        let deleted = self.ports().store.delete_address(organization, id, self.now()).await?;
        found(deleted.then_some(()), id)
    }

    fn address_name(&self, local_part: &str, domain: Option<&str>) -> Result<AddressName, PlatformError> {
        let domains = &self.settings().email_domains;
        let domain = domain.or(domains.first().map(String::as_str)).unwrap_or_default();
        let name = AddressName::new(local_part, domain).map_err(|error| match error {
            AddressNameError::LocalPart => PlatformError::invalid("/localPart", error.to_string()),
            AddressNameError::Domain => PlatformError::invalid("/domain", error.to_string()),
        })?;
        if !domains.iter().any(|known| known.eq_ignore_ascii_case(name.domain())) {
            return Err(PlatformError::invalid("/domain", format!("must be one of: {}", domains.join(", "))));
        }
        Ok(name)
    }

    /// Folds repeats and gives each wish an identifier, should it be new.
    fn wanted(&self, subscriptions: &[WantedSubscription]) -> Result<Vec<NewSubscription>, PlatformError> {
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::new();
        for subscription in subscriptions {
            let integration: IntegrationId =
                subscription.integration.parse().map_err(|_| PlatformError::Conflict(Conflict::UnknownIntegration))?;
            if seen.insert((integration, subscription.event_type)) {
                wanted.push(NewSubscription {
                    id: SubscriptionId::generate(&*self.ports().clock, &*self.ports().entropy),
                    integration,
                    event_type: subscription.event_type,
                });
            }
        }
        Ok(wanted)
    }
}
