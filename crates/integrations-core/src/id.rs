//! Typed, prefixed identifiers: `evt_` and 32 hexadecimal digits of a time-ordered UUID.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Clock, Entropy};

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier that starts with `{prefix}_`")]
pub struct ParseIdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier (UUID version 7): sorted by time, unguessable in its last 74 bits.
            pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 10];
                entropy.fill(&mut random);
                let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The 16 bytes in which stores keep it.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The identifier that [`Self::as_bytes`] gave.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Only the form that `Display` prints is read, so that one thing has one name.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let refused = ParseIdError { prefix: $prefix };
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or(refused)?;
                let plain = digits.len() == 32
                    && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                if !plain {
                    return Err(refused);
                }
                Uuid::parse_str(digits).map(Self).map_err(|_| refused)
            }
        }
    )*};
}

ids! {
    /// An organization: the tenant.
    OrganizationId "org";
    /// A key of the HTTP API.
    ApiKeyId "key";
    /// A configured connection to one destination of one provider.
    IntegrationId "int";
    /// An address (inbox) that receives mail.
    AddressId "addr";
    /// One address that subscribes one integration to one event type.
    SubscriptionId "sub";
    /// Something that happened.
    EventId "evt";
    /// One event on its way to one integration.
    DispatchId "dsp";
    /// One try to deliver a dispatch.
    AttemptId "att";
}

impl DispatchId {
    /// The dispatch of `event` to `integration`. There is at most one, so its identifier follows from
    /// theirs, and keeps the event's time so that it sorts beside it.
    #[must_use]
    pub fn derive(event: EventId, integration: IntegrationId) -> Self {
        Self(derive(event.0, integration.as_bytes()))
    }
}

impl AttemptId {
    /// The attempt with that number (1 is the first) of that dispatch.
    #[must_use]
    pub fn derive(dispatch: DispatchId, number: u32) -> Self {
        Self(derive(dispatch.0, &number.to_be_bytes()))
    }
}

/// A version 7 identifier with the time of `base` and its other bits taken from a hash of both.
fn derive(base: Uuid, salt: &[u8]) -> Uuid {
    let hash = Sha256::new().chain_update(base.as_bytes()).chain_update(salt).finalize();
    let mut bytes = *base.as_bytes();
    for (byte, hashed) in bytes.iter_mut().skip(6).zip(hash) {
        *byte = hashed;
    }
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}
