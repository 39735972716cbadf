//! Integrations: configured connections to one destination of one provider.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{IntegrationId, Lanes, OrganizationId, Sealed, UnknownName};

/// Whether an integration is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntegrationStatus {
    /// In use.
    Active,
    /// Stopped by a person, or because its destination is gone. Dispatches wait.
    Paused,
    /// Stopped because its credentials were refused. Dispatches wait.
    Disabled,
}

impl IntegrationStatus {
    /// Every status there is.
    pub const ALL: &'static [Self] = &[Self::Active, Self::Paused, Self::Disabled];

    /// The name in the API and in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for IntegrationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IntegrationStatus {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text).ok_or(UnknownName)
    }
}

/// A configured connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Its identifier.
    pub id: IntegrationId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The kind of its provider, for example `telegram`.
    pub provider: String,
    /// A name for people, unique in the organization whatever the case of its letters.
    pub name: String,
    /// Whether it is used.
    pub status: IntegrationStatus,
    /// Why it is not, in words for people.
    pub status_reason: Option<String>,
    /// The public settings and where they lead, as the provider verified them.
    pub connection: Connection,
    /// The sealed credentials.
    pub secret: Sealed,
    /// Which version of the credentials that is; part of what the seal is bound to.
    pub secret_version: u32,
    /// Rises with every change; a change made from an older reading is refused.
    pub revision: u64,
    /// When the provider last accepted the settings.
    pub last_validated_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Verified settings: what [`crate::Provider::verify`] found, in a form that stores can keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The provider's public configuration, normalized.
    pub config: serde_json::Value,
    /// What the provider found out about the destination, for people: labels, names. An object.
    pub details: serde_json::Value,
    /// What the destination is, however its owner spelled it. An organization connects each one once.
    pub identity: String,
    /// The turn-taking lanes.
    pub lanes: Lanes,
}

impl Connection {
    /// What a client may see: the configuration and the details in one object.
    #[must_use]
    pub fn public(&self) -> serde_json::Value {
        let mut public = self.config.clone();
        if let (Some(public), Some(details)) = (public.as_object_mut(), self.details.as_object()) {
            public.extend(details.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        public
    }
}

impl Integration {
    /// The form of its name in which no two integrations of an organization are equal.
    #[must_use]
    pub fn name_key(&self) -> String {
        self.name.to_lowercase()
    }
}
