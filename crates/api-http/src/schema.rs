//! Schemas of values that are defined elsewhere, taken from their own tables, and of times.

use integrations_core::{AttemptOutcome, DispatchStatus, EventType, IntegrationStatus, Scope};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, Type},
};

use crate::problem::Code;

/// A time (RFC 3339, UTC).
#[derive(Serialize, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T09:30:00Z")]
pub(crate) struct Time(pub(crate) Timestamp);

fn one_of(names: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

macro_rules! enumerations {
    ($($function:ident $name:ident)*) => {$(
        pub(crate) fn $function() -> Object {
            one_of($name::ALL.iter().map(|value| value.as_str()))
        }
    )*};
}

enumerations! {
    attempt_outcome AttemptOutcome
    code Code
    dispatch_status DispatchStatus
    event_type EventType
    integration_status IntegrationStatus
    scope Scope
}
