//! What can go wrong in a use case, in terms of what the caller can do about it.

use std::fmt;

use crate::{
    AddressId, ApiKeyId, CipherError, DeliveryError, DispatchId, DispatchStatus, FieldError, IntegrationId,
    OrganizationId, StoreError, store::Conflict,
};

/// Why a use case was not carried out. Nothing was changed, unless a variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// It is not there, or belongs to another organization.
    #[error("there is no such {0}")]
    NotFound(Thing),
    /// The input is wrong.
    #[error("the input is not valid")]
    Invalid(Vec<FieldError>),
    /// The wish contradicts what is there.
    #[error(transparent)]
    Conflict(Conflict),
    /// The service did not accept it, or could not be asked. The message is cleaned.
    #[error(transparent)]
    Provider(#[from] DeliveryError),
    /// The dispatch is in a status in which that cannot be done.
    #[error("the dispatch is {0}")]
    WrongStatus(DispatchStatus),
    /// The dispatch's integration or address is deleted, so it cannot be sent again.
    #[error("the dispatch's integration or address is deleted")]
    NobodyWaits,
    /// The store failed; for the log, and worth another try later.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// The credentials cannot be sealed or opened.
    #[error("the credentials cannot be used")]
    Cipher(#[from] CipherError),
}

impl From<StoreError> for PlatformError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => Self::Conflict(conflict),
            other => Self::Store(other),
        }
    }
}

impl PlatformError {
    pub(super) fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, detail)])
    }
}

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// An organization.
    Organization,
    /// An API key.
    ApiKey,
    /// A provider.
    Provider,
    /// An integration.
    Integration,
    /// An address.
    Address,
    /// A dispatch.
    Dispatch,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organization => "organization",
            Self::ApiKey => "API key",
            Self::Provider => "provider",
            Self::Integration => "integration",
            Self::Address => "address",
            Self::Dispatch => "dispatch",
        })
    }
}

/// Identifiers know what they are identifiers of.
pub(super) trait Identifies {
    const THING: Thing;
}

macro_rules! identifies {
    ($($id:ty => $thing:ident),*) => { $(impl Identifies for $id { const THING: Thing = Thing::$thing; })* };
}

identifies! {
    OrganizationId => Organization, ApiKeyId => ApiKey, IntegrationId => Integration, AddressId => Address,
    DispatchId => Dispatch
}

/// Turns "not there" into the error that says what is not there.
pub(super) fn found<T, I: Identifies>(found: Option<T>, _id: I) -> Result<T, PlatformError> {
    found.ok_or(PlatformError::NotFound(I::THING))
}
