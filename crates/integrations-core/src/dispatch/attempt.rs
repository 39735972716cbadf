//! One try to deliver a dispatch, as the log keeps it.

use std::{fmt, str::FromStr, time::Duration};

use jiff::Timestamp;

use super::status::names;
use crate::{DeliveryError, FailureKind, UnknownName};

names! {
    /// How an attempt ended.
    AttemptOutcome {
        /// The service took the message.
        Delivered = "delivered",
        /// The service asked to slow down.
        Throttled = "throttled",
        /// The service could not take it.
        Unavailable = "unavailable",
        /// The connection did not open in time.
        Timeout = "timeout",
        /// The service refused it.
        Rejected = "rejected",
        /// The credentials were refused.
        Unauthorized = "unauthorized",
        /// The destination is not there any more.
        Gone = "gone",
        /// The destination has moved.
        Moved = "moved",
        /// The answer was lost: it may have arrived.
        Unconfirmed = "unconfirmed",
        /// Found open after a crash: it may have arrived.
        Interrupted = "interrupted",
        /// The stored settings could not be used.
        Misconfigured = "misconfigured",
    }
}

impl From<FailureKind> for AttemptOutcome {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Throttled => Self::Throttled,
            FailureKind::Unavailable => Self::Unavailable,
            FailureKind::Timeout => Self::Timeout,
            FailureKind::Rejected => Self::Rejected,
            FailureKind::Unauthorized => Self::Unauthorized,
            FailureKind::Gone => Self::Gone,
            FailureKind::Moved => Self::Moved,
            FailureKind::Unconfirmed => Self::Unconfirmed,
            FailureKind::Misconfigured => Self::Misconfigured,
        }
    }
}

/// What went wrong in an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptError {
    /// The outcome, which is the error's stable code.
    pub code: AttemptOutcome,
    /// What happened, for people; cleaned, at most [`crate::provider::MAX_ERROR_CHARS`] characters.
    pub message: String,
    /// The status of the service's answer, if one came.
    pub http_status: Option<u16>,
}

impl From<&DeliveryError> for AttemptError {
    fn from(error: &DeliveryError) -> Self {
        Self { code: error.kind.into(), message: error.message.clone(), http_status: error.http_status }
    }
}

/// An entry of the attempt log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number within the dispatch; the first is 1.
    pub number: u32,
    /// When it started: durable before the service was called.
    pub started_at: Timestamp,
    /// When it ended; none while it is open.
    pub ended_at: Option<Timestamp>,
    /// How it ended; none while it is open.
    pub outcome: Option<AttemptOutcome>,
    /// What went wrong.
    pub error: Option<AttemptError>,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The service's own identifier of the message.
    pub remote_id: Option<String>,
}
