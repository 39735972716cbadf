//! Dispatches and attempts, as their owners read them.

use integrations_core::{Attempt, AttemptError, AttemptId, AttemptOutcome, Dispatch, DispatchId, Reason};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::{self, Time};

/// One event on its way to one integration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dispatch)]
pub(super) struct DispatchBody {
    id: String,
    event_id: String,
    #[schema(schema_with = schema::event_type)]
    event_type: &'static str,
    integration_id: String,
    #[schema(example = "telegram")]
    provider: String,
    address_id: String,
    #[schema(example = "alerts@example.com")]
    address: String,
    /// The mail's subject.
    subject: Option<String>,
    #[schema(schema_with = schema::dispatch_status)]
    status: &'static str,
    /// Why it waits, failed or was canceled.
    #[schema(schema_with = schema::status_reason)]
    status_reason: Option<&'static str>,
    attempt_count: u32,
    /// When the next attempt will be made, as far as that is known.
    next_attempt_at: Option<Time>,
    created_at: Time,
    delivered_at: Option<Time>,
    last_error: Option<ErrorBody>,
}

impl From<Dispatch> for DispatchBody {
    fn from(dispatch: Dispatch) -> Self {
        let state = dispatch.state;
        Self {
            id: dispatch.id.to_string(),
            event_id: dispatch.event.to_string(),
            event_type: dispatch.event_type.as_str(),
            integration_id: dispatch.integration.to_string(),
            provider: dispatch.provider,
            address_id: dispatch.address_id.to_string(),
            address: dispatch.address,
            subject: dispatch.subject,
            status: state.status.as_str(),
            status_reason: state.reason.map(Reason::as_str),
            attempt_count: state.attempt_count,
            next_attempt_at: state.next_attempt_at().map(Time),
            created_at: Time(dispatch.created_at),
            delivered_at: state.delivered_at.map(Time),
            last_error: state.last_error.map(ErrorBody::from),
        }
    }
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AttemptError)]
struct ErrorBody {
    #[schema(schema_with = schema::attempt_outcome)]
    code: &'static str,
    /// What happened, for people.
    message: String,
    /// The status of the service's answer, if one came.
    http_status: Option<u16>,
}

impl From<AttemptError> for ErrorBody {
    fn from(error: AttemptError) -> Self {
        Self { code: error.code.as_str(), message: error.message, http_status: error.http_status }
    }
}

/// A dispatch and the attempts that were made, first one first.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatchWithAttempts {
    #[serde(flatten)]
    dispatch: DispatchBody,
    attempts: Vec<AttemptBody>,
}

impl DispatchWithAttempts {
    pub(super) fn of(dispatch: Dispatch, attempts: Vec<Attempt>) -> Self {
        let id = dispatch.id;
        let attempts = attempts.into_iter().map(|attempt| AttemptBody::of(id, attempt)).collect();
        Self { dispatch: dispatch.into(), attempts }
    }
}

/// One try to deliver a dispatch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
struct AttemptBody {
    id: String,
    /// 1 for the first.
    number: u32,
    started_at: Time,
    /// Null while it is open.
    ended_at: Option<Time>,
    /// How it ended; null while it is open.
    #[schema(schema_with = schema::attempt_outcome_or_null)]
    outcome: Option<&'static str>,
    /// What went wrong, for people.
    error: Option<String>,
    /// The status of the service's answer to a failure, if one came.
    http_status: Option<u16>,
    /// How long the service asked to wait.
    retry_after_seconds: Option<u64>,
    /// The service's own identifier of the message.
    remote_id: Option<String>,
}

impl AttemptBody {
    fn of(dispatch: DispatchId, attempt: Attempt) -> Self {
        let (error, http_status) = attempt.error.map(|error| (error.message, error.http_status)).unzip();
        Self {
            id: AttemptId::derive(dispatch, attempt.number).to_string(),
            number: attempt.number,
            started_at: Time(attempt.started_at),
            ended_at: attempt.ended_at.map(Time),
            outcome: attempt.outcome.map(AttemptOutcome::as_str),
            error,
            http_status: http_status.flatten(),
            retry_after_seconds: attempt.retry_after.map(|wait| wait.as_secs()),
            remote_id: attempt.remote_id,
        }
    }
}
