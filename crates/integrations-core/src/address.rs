//! Addresses (inboxes) and what they subscribe.

use std::fmt;

use jiff::Timestamp;

use crate::{AddressId, EventType, IntegrationId, IntegrationStatus, OrganizationId, SubscriptionId};

/// An address that receives mail for an organization. Unique in the installation while it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its identifier.
    pub id: AddressId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// Local part and domain, lower-case.
    pub name: AddressName,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it or its subscriptions last changed.
    pub updated_at: Timestamp,
}

/// A mail address, checked and lower-cased: `local@domain`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressName {
    text: String,
    at: usize,
}

/// What is wrong with the text of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressNameError {
    /// The part before the `@` breaks the rules.
    #[error(
        "the local part must be 1 to 64 of a-z, 0-9 and .!#$%&'*+/=?^_`{{|}}~- with no dot at an end or twice in a row"
    )]
    LocalPart,
    /// The part after the `@` breaks the rules.
    #[error("the domain must be labels of a-z, 0-9 and - joined by dots, 253 characters at most")]
    Domain,
}

impl AddressName {
    /// Checks and lower-cases both parts. The local part is a dot-atom of RFC 5321; quoted forms are not accepted.
    ///
    /// # Errors
    /// Says which part is wrong and what is allowed.
    pub fn new(local_part: &str, domain: &str) -> Result<Self, AddressNameError> {
        let local = local_part.trim().to_ascii_lowercase();
        let domain = domain.trim().to_ascii_lowercase();
        if !is_local_part(&local) {
            return Err(AddressNameError::LocalPart);
        }
        if !is_domain(&domain) {
            return Err(AddressNameError::Domain);
        }
        Ok(Self { at: local.len(), text: format!("{local}@{domain}") })
    }

    /// Reads `local@domain`, as mail headers and envelopes write it.
    ///
    /// # Errors
    /// As [`AddressName::new`]; a missing `@` counts as a wrong domain.
    pub fn parse(text: &str) -> Result<Self, AddressNameError> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(AddressNameError::Domain)?;
        Self::new(local, domain)
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// The part after the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }
}

impl fmt::Display for AddressName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_local_part(text: &str) -> bool {
    const SPECIAL: &[u8] = b"!#$%&'*+/=?^_`{|}~-";
    let atom =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || SPECIAL.contains(&b));
    text.len() <= 64 && text.split('.').all(atom)
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// A wish: this address should subscribe that integration to that event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSubscription {
    /// The identifier to use if the subscription is not there yet.
    pub id: SubscriptionId,
    /// The integration to dispatch to.
    pub integration: IntegrationId,
    /// The events that are meant.
    pub event_type: EventType,
}

/// A subscription of an address, with what a client shows of its integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its identifier, which it keeps as long as it is wanted.
    pub id: SubscriptionId,
    /// The integration that is dispatched to.
    pub integration: IntegrationId,
    /// The events that are meant.
    pub event_type: EventType,
    /// The integration's provider.
    pub provider: String,
    /// The integration's name.
    pub name: String,
    /// The integration's status.
    pub status: IntegrationStatus,
}

/// An address with its subscriptions, sorted by [`crate::Integration::name_key`], then by event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribedAddress {
    /// The address.
    pub address: Address,
    /// All its subscriptions, whatever the state of their integrations.
    pub subscriptions: Vec<Subscription>,
}
