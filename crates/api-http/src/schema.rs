//! Schemas of values that are defined elsewhere, taken from their own tables, and of times.

use integrations_core::{
    AttemptOutcome, CancelReason, DispatchStatus, EventType, FailReason, HoldReason, IntegrationStatus, Scope,
};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, SchemaType, Type},
};

use crate::problem::Code;

/// A time (RFC 3339, UTC), always with milliseconds, so that times also sort as text.
#[derive(ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", self.0))
    }
}

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

fn one_of_or_null(names: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(names.map(Value::from).chain([Value::Null])))
        .build()
}

/// How an attempt ended, null while it is open.
pub(crate) fn attempt_outcome_or_null() -> Object {
    one_of_or_null(AttemptOutcome::ALL.iter().map(|outcome| outcome.as_str()))
}

/// Why a dispatch waits, failed or was canceled; null where there is nothing to say.
pub(crate) fn status_reason() -> Object {
    let hold = HoldReason::ALL.iter().map(|reason| reason.as_str());
    let fail = FailReason::ALL.iter().map(|reason| reason.as_str());
    let cancel = CancelReason::ALL.iter().map(|reason| reason.as_str());
    one_of_or_null(hold.chain(fail).chain(cancel))
}
