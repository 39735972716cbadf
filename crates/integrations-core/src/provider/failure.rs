//! Why a delivery did not succeed, in the terms on which the rules act.

use std::time::Duration;

use http::{
    HeaderMap, StatusCode,
    header::{InvalidHeaderValue, RETRY_AFTER},
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::{Connection, HttpError, HttpResponse, Reach, elapsed};

/// A call to a service that did not end well.
///
/// `message` is our own words for people, `said` the service's. Before anybody else sees them, the erased provider
/// joins them, takes out control characters and every form of the secret, and cuts the rest. Where tenants choose the
/// URL ([`Egress::Guarded`](crate::Egress::Guarded)) it drops what the service said: whatever answers there may stand
/// where the tenant may not look.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// What to do about it.
    pub kind: FailureKind,
    /// How far it reaches; counts for [`FailureKind::Throttled`].
    pub reach: Reach,
    /// What happened and what to do about it, in our own words. Nothing that the service sent belongs here.
    pub message: String,
    /// The service's own description, as it came.
    pub said: Option<String>,
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
    /// The service cannot take it now and did not, or a repeat does no harm: retried.
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
            said: None,
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

    /// The same, but it means something else here than the default reading says.
    #[must_use]
    pub fn meaning(self, kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), ..self }
    }

    /// The same with the service's own description; nothing if that is empty.
    #[must_use]
    pub fn saying(self, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()).filter(|said| !said.trim().is_empty()), ..self }
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

    /// The same for a call that may be repeated at will, because it changes nothing or because the receiver knows
    /// repeats: a lost answer is no more than trouble.
    #[must_use]
    pub fn repeatable(self) -> Self {
        let kind = if self.kind == FailureKind::Unconfirmed { FailureKind::Unavailable } else { self.kind };
        Self { kind, ..self }
    }

    /// The default reading of an HTTP answer, for providers to refine: `None` for a 2xx.
    #[must_use]
    pub fn from_answer(answer: &HttpResponse, now: Timestamp) -> Option<Self> {
        use FailureKind as Kind;
        let kind = match answer.status.as_u16() {
            200..=299 => return None,
            300..=399 => Kind::Misconfigured,
            401 | 403 => Kind::Unauthorized,
            410 => Kind::Gone,
            429 => Kind::Throttled,
            408 | 425 | 500..=599 => Kind::Unavailable,
            _ => Kind::Rejected,
        };
        let advice = if kind == Kind::Misconfigured { ", a redirect; give the address that it leads to" } else { "" };
        let message = format!("the service answered with HTTP status {}{advice}", answer.status.as_u16());
        Some(Self::new(kind, message).with_status(answer.status).with_retry_after(retry_after(&answer.headers, now)))
    }
}

impl HttpResponse {
    /// The body of a success, as JSON of that form.
    ///
    /// # Errors
    /// [`FailureKind::Unconfirmed`]: it has another form, so nobody knows whether the call took effect.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, DeliveryError> {
        let unreadable = || DeliveryError::new(FailureKind::Unconfirmed, "the answer cannot be read, or is too large");
        self.json().ok_or_else(|| unreadable().with_status(self.status))
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

impl From<InvalidHeaderValue> for DeliveryError {
    fn from(_: InvalidHeaderValue) -> Self {
        Self::new(FailureKind::Misconfigured, "a setting holds characters that cannot be sent in a header")
    }
}

impl From<url::ParseError> for DeliveryError {
    fn from(_: url::ParseError) -> Self {
        Self::new(FailureKind::Misconfigured, "the settings make no valid URL")
    }
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn read(status: u16) -> Option<DeliveryError> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, http::HeaderValue::from_static("7"))]);
        let status = StatusCode::from_u16(status).unwrap();
        let answer = HttpResponse { status, headers, body: Bytes::from_static(b"remote words"), truncated: false };
        DeliveryError::from_answer(&answer, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn statuses_are_read_as_most_services_mean_them() {
        use FailureKind as Kind;
        let kinds = [
            (302, Kind::Misconfigured),
            (400, Kind::Rejected),
            (401, Kind::Unauthorized),
            (403, Kind::Unauthorized),
            (404, Kind::Rejected),
            (408, Kind::Unavailable),
            (410, Kind::Gone),
            (429, Kind::Throttled),
            (503, Kind::Unavailable),
        ];
        for (status, kind) in kinds {
            let error = read(status).unwrap();
            assert_eq!((error.kind, error.http_status), (kind, Some(status)));
            assert_eq!((error.reach, error.retry_after), (Reach::Destination, Some(Duration::from_secs(7))));
            assert!(error.message.contains(&status.to_string()) && !error.message.contains("remote"), "{error}");
        }
        assert_eq!([200, 204].map(read), [None, None]);
    }

    #[test]
    fn waits_come_as_seconds_or_as_a_date() {
        let wait = |text| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, http::HeaderValue::from_static(text))]);
            retry_after(&headers, Timestamp::UNIX_EPOCH).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(" 120 "), Some(120));
        assert_eq!(wait("Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        assert_eq!(wait("Wed, 31 Dec 1969 00:01:00 GMT"), Some(0));
        assert_eq!(["", "-1", "1.5", "soon"].map(wait), [None; 4]);
    }

    #[test]
    fn only_a_lost_answer_becomes_harmless() {
        let kind = |kind| DeliveryError::new(kind, "x").repeatable().kind;
        assert_eq!(kind(FailureKind::Unconfirmed), FailureKind::Unavailable);
        assert_eq!(kind(FailureKind::Rejected), FailureKind::Rejected);
    }
}
