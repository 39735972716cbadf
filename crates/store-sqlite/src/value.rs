//! The values of parameters.

use std::{sync::Arc, time::Duration};

use integrations_core::{AddressId, DispatchId, EventId, IntegrationId, OrganizationId, SubscriptionId};
use jiff::Timestamp;
use sqlx::{Arguments as _, sqlite::SqliteArguments};

/// A value, as SQLite keeps it: times and spans in milliseconds, identifiers as their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Name(&'static str),
    Text(Arc<str>),
    Bytes(Vec<u8>),
}

impl Value {
    /// Adds it to the parameters of a statement.
    ///
    /// # Errors
    /// None of these values has one.
    pub(crate) fn add_to(self, arguments: &mut SqliteArguments) -> sqlx::Result<()> {
        let added = match self {
            Self::Null => arguments.add(None::<i64>),
            Self::Integer(integer) => arguments.add(integer),
            Self::Name(name) => arguments.add(name),
            Self::Text(text) => arguments.add(text),
            Self::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(sqlx::Error::Encode)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(integer(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Integer(number.into())
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(millis(time))
    }
}

impl From<Duration> for Value {
    fn from(span: Duration) -> Self {
        Self::Integer(span_millis(span))
    }
}

impl From<&'static str> for Value {
    fn from(name: &'static str) -> Self {
        Self::Name(name)
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_ids {
    ($($id:ident)+) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                id.as_bytes().as_slice().into()
            }
        }
    )+};
}

from_ids!(AddressId DispatchId EventId IntegrationId OrganizationId SubscriptionId);

/// A time as rows keep it.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A span as rows keep it.
pub(crate) fn span_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A number as rows keep it.
pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
