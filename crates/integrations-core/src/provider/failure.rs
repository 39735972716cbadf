//! Why a delivery did not succeed, in the terms on which the rules act.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::Timestamp;

use crate::{Connection, HttpError, HttpResponse, Reach, elapsed};

/// A call to a service that did not end well.
///
/// `message` is for people: our own words or the service's description. Before anybody else sees it, the erased
/// provider cleans it of control characters and of every form of the secret, and cuts it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// What to do about it.
    pub kind: FailureKind,
    /// How far it reaches; counts for [`FailureKind::Throttled`].
    pub reach: Reach,
    /// What happened, for people.
    pub message: String,
    /// The status of the service's answer, if one came.
    pub http_status: Option<u16>,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The new settings, for [`FailureKind::Moved`].
    pub moved_to: Option<Box<Connection>>,
}

/// What kind of failure it is, which decides what happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The service asked to slow down. Waits as long as asked; costs no retry.
    Throttled,
    /// The service cannot take it now, and did not: retried.
    Unavailable,
    /// The connection did not open in time, so nothing was sent: retried.
    Timeout,
    /// The service refuses this message: failed for good.
    Rejected,
    /// The credentials are refused: the integration is disabled and the dispatch held.
    Unauthorized,
    /// The destination is not there for us any more: the integration is paused and the dispatch held.
    Gone,
    /// The destination has new settings: they are stored and the message is sent again.
    Moved,
    /// The message may have been delivered, but no answer tells: repeated once, later.
    Unconfirmed,
    /// The stored settings cannot be used: failed for good.
    Misconfigured,
}

impl DeliveryError {
    /// A failure of that kind, reaching its destination only.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            reach: Reach::Destination,
            message: message.into(),
            http_status: None,
            retry_after: None,
            moved_to: None,
        }
    }

    /// The destination moved to `connection`.
    #[must_use]
    pub fn moved(connection: Connection, message: impl Into<String>) -> Self {
        Self { moved_to: Some(Box::new(connection)), ..Self::new(FailureKind::Moved, message) }
    }

    /// The same with the status of the answer.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { http_status: Some(status.as_u16()), ..self }
    }

    /// The same with the wait that the service asked for.
    #[must_use]
    pub fn with_retry_after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    /// The same with another reach.
    #[must_use]
    pub fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// The default reading of an HTTP answer, for providers to refine: `None` for a 2xx.
    #[must_use]
    pub fn from_answer(answer: &HttpResponse, now: Timestamp) -> Option<Self> {
        use FailureKind as Kind;
        let kind = match answer.status.as_u16() {
            200..=299 => return None,
            401 | 403 => Kind::Unauthorized,
            410 => Kind::Gone,
            429 => Kind::Throttled,
            408 | 425 | 500..=599 => Kind::Unavailable,
            _ => Kind::Rejected,
        };
        let message = format!("the service answered with HTTP status {}", answer.status.as_u16());
        Some(Self::new(kind, message).with_status(answer.status).with_retry_after(retry_after(&answer.headers, now)))
    }
}

/// The wait that a `Retry-After` header asks for, in either of its two forms (RFC 9110, section 10.2.3).
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(elapsed(now, date))
}

impl From<HttpError> for DeliveryError {
    fn from(error: HttpError) -> Self {
        let kind = match error {
            HttpError::NotSent { .. } => FailureKind::Unavailable,
            HttpError::ConnectTimeout => FailureKind::Timeout,
            HttpError::Unknown { .. } => FailureKind::Unconfirmed,
            HttpError::Blocked => FailureKind::Misconfigured,
        };
        Self::new(kind, error.to_string())
    }
}
