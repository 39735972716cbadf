//! Organizations (tenants) and the keys with which programs act for them.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::Timestamp;

use crate::{ApiKeyId, OrganizationId, UnknownName};

/// A tenant: everything else belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its identifier.
    pub id: OrganizationId,
    /// A name for people; need not be unique.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a key allows. [`Scope::Manage`] includes the other two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read everything but secrets.
    Read,
    /// Publish events and mail.
    Publish,
    /// Change the organization's configuration.
    Manage,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Publish, Self::Manage];

    /// The name in the API and in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Manage => "manage",
        }
    }

    /// Whether a key with this scope may do what asks for `needed`.
    #[must_use]
    pub fn includes(self, needed: Self) -> bool {
        self == needed || self == Self::Manage
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.iter().copied().find(|s| s.as_str() == text).ok_or(UnknownName)
    }
}

/// An API key as it is stored: a hash, never the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identifier, which the key's text carries so that it can be looked up.
    pub id: ApiKeyId,
    /// The organization it is bound to.
    pub organization: OrganizationId,
    /// A name for people.
    pub name: String,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
    /// SHA-256 of the key's secret part, which is 32 random bytes and so needs no slow hash.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiKey {
    /// Whether it allows what asks for `needed`.
    #[must_use]
    pub fn allows(&self, needed: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.includes(needed))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("organization", &self.organization)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
