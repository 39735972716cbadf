//! What a homeserver answers, and what each of its refusals means for us.

use std::time::Duration;

use integrations_core::{DeliveryError, FailureKind, HttpResponse, Reach};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// A refusal (<https://spec.matrix.org/latest/client-server-api/#standard-error-response>).
#[derive(Default, Deserialize)]
struct Refusal {
    errcode: String,
    retry_after_ms: Option<u64>,
}

/// Reads the result out of an answer. Every call may be repeated: it changes nothing, or carries a transaction id.
pub(crate) fn read<T: DeserializeOwned>(answer: &HttpResponse, now: Timestamp) -> Result<T, DeliveryError> {
    if let Some(error) = DeliveryError::from_answer(answer, now) {
        return Err(refine(error, answer));
    }
    let unreadable = || DeliveryError::new(FailureKind::Unavailable, "the answer is not one of a Matrix homeserver");
    answer.json().ok_or_else(|| unreadable().with_status(answer.status))
}

/// The default reading, refined by what the homeserver calls the matter.
fn refine(error: DeliveryError, answer: &HttpResponse) -> DeliveryError {
    let refusal: Refusal = answer.json().unwrap_or_default();
    let status = answer.status.as_u16();
    let (kind, meaning) = match (status, refusal.errcode.as_str()) {
        (429, _) => return throttled(error, &refusal),
        (401, "M_USER_LOCKED") | (403, "M_USER_SUSPENDED" | "M_USER_DEACTIVATED") => {
            (FailureKind::Unauthorized, "the homeserver has closed the account")
        }
        (401, _) => (FailureKind::Unauthorized, "the homeserver refuses the access token; give a new one"),
        (403, "M_RESOURCE_LIMIT_EXCEEDED") => (FailureKind::Unavailable, "the homeserver has reached its own limits"),
        (403, "M_CONSENT_NOT_GIVEN") => {
            (FailureKind::Gone, "the homeserver wants its terms accepted; log in as the account and do so")
        }
        (403, "M_FORBIDDEN") => (FailureKind::Gone, "the account may not write into the room; let it join first"),
        (404, "M_NOT_FOUND") => (FailureKind::Gone, "the homeserver does not know the room"),
        (404, _) => (FailureKind::Unavailable, "there is no Matrix homeserver at this address"),
        _ => return error,
    };
    DeliveryError { kind, message: format!("{meaning} (HTTP status {status})"), ..error }
}

/// Homeservers count by account. `Retry-After` is the newer of the two forms in which they say how long
/// (<https://spec.matrix.org/latest/client-server-api/#rate-limiting>).
fn throttled(error: DeliveryError, refusal: &Refusal) -> DeliveryError {
    let wait = error.retry_after.or(refusal.retry_after_ms.map(Duration::from_millis));
    error.with_retry_after(wait).reaching(Reach::Credential)
}
