//! What a receiver means by its status, where that is not what most services mean.

use integrations_core::{DeliveryError, FailureKind};

/// The default reading, refined. Repeats carry the same `webhook-id` and receivers tell them apart, so a message whose
/// answer was lost is sent again like any other.
pub(crate) fn refine(error: DeliveryError) -> DeliveryError {
    let Some(status) = error.http_status else { return error.repeatable() };
    let (kind, meaning) = match status {
        401 | 403 => (FailureKind::Unauthorized, "the receiver refuses the signature; give both sides the same secret"),
        404 => (FailureKind::Unavailable, "the receiver has nothing at this URL"),
        410 => (FailureKind::Gone, "the receiver wants no more messages"),
        _ => return error,
    };
    error.meaning(kind, format!("{meaning} (HTTP status {status})"))
}
