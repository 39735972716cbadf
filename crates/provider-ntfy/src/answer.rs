//! What ntfy means by its refusals.

use std::time::Duration;

use integrations_core::{DeliveryError, FailureKind, HttpResponse, Reach};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// A refusal: five digits, of which the first three are the status
/// (<https://github.com/binwiederhier/ntfy/blob/main/server/errors.go>).
#[derive(Deserialize)]
struct Refusal {
    code: u32,
}

const BAD_TOPIC: [u32; 2] = [40_009, 40_010];
const DAILY_QUOTA: u32 = 42_908;

/// Reads the result out of an answer. A success that cannot be read is [`FailureKind::Unconfirmed`], since the message
/// may have been taken.
pub(crate) fn read<T: DeserializeOwned>(answer: &HttpResponse, now: Timestamp) -> Result<T, DeliveryError> {
    if let Some(error) = DeliveryError::from_answer(answer, now) {
        return Err(refine(error, answer, now));
    }
    let unreadable = || DeliveryError::new(FailureKind::Unconfirmed, "the answer is not one of ntfy");
    answer.json().ok_or_else(|| unreadable().with_status(answer.status))
}

/// The default reading, refined.
fn refine(error: DeliveryError, answer: &HttpResponse, now: Timestamp) -> DeliveryError {
    let code = answer.json::<Refusal>().map_or(0, |refusal| refusal.code);
    let status = answer.status.as_u16();
    let (kind, meaning) = match status {
        400 if BAD_TOPIC.contains(&code) => (FailureKind::Misconfigured, "ntfy does not allow a topic of this name"),
        401 => (FailureKind::Unauthorized, "ntfy refuses the access token; make a new one"),
        403 if code != 0 => (FailureKind::Unauthorized, "ntfy does not let this account write to the topic"),
        404 => (FailureKind::Unavailable, "there is no ntfy at this address"),
        429 => return throttled(error, code, now),
        _ => return error,
    };
    DeliveryError { kind, message: format!("{meaning} (HTTP status {status})"), ..error }
}

/// ntfy counts by account, or by this server's address where there is none, so a limit holds for all topics.
fn throttled(error: DeliveryError, code: u32, now: Timestamp) -> DeliveryError {
    let error = error.reaching(Reach::Credential);
    if code != DAILY_QUOTA {
        return error;
    }
    let wait = error.retry_after.unwrap_or_else(|| until_midnight(now));
    let message = "the messages that ntfy allows in a day are used up (HTTP status 429)".to_owned();
    DeliveryError { message, ..error }.with_retry_after(Some(wait))
}

/// Daily limits start anew at midnight UTC (<https://docs.ntfy.sh/publish/#limitations>).
fn until_midnight(now: Timestamp) -> Duration {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = DAY - now.as_second().rem_euclid(DAY);
    Duration::from_secs(seconds.unsigned_abs())
}
