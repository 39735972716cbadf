//! What Discord answers, and what each of its refusals means for us.
//!
//! A refusal is judged by its code first, and by its status where the code is not known
//! (<https://docs.discord.com/developers/topics/opcodes-and-status-codes>).

use std::{ops::RangeInclusive, time::Duration};

use integrations_core::{DeliveryError, FailureKind, HttpResponse, Reach};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// A refusal in Discord's form. The last two are there if it is about a rate
/// (<https://docs.discord.com/developers/topics/rate-limits>).
#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    code: u32,
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

/// Reads the result out of an answer.
///
/// A success that cannot be read is [`FailureKind::Unconfirmed`]: the call may have taken effect. Anything else that is
/// not in Discord's form comes from what stands before it, which blocks addresses as a whole.
pub(crate) fn read<T: DeserializeOwned>(answer: &HttpResponse, now: Timestamp) -> Result<T, DeliveryError> {
    let Some(error) = DeliveryError::from_answer(answer, now) else {
        return answer.read();
    };
    Err(match (answer.json(), error.kind) {
        (Some(refusal), _) => judged(error, refusal),
        (None, FailureKind::Throttled) => error.reaching(Reach::Provider),
        (None, FailureKind::Misconfigured) => error,
        (None, _) => error.meaning(FailureKind::Unavailable, FOREIGN),
    })
}

fn judged(error: DeliveryError, refusal: Refusal) -> DeliveryError {
    let status = error.http_status.unwrap_or_default();
    let fits = |row: &&Meaning| row.statuses.contains(&status) && row.code.is_none_or(|code| code == refusal.code);
    let (kind, advice) = MEANINGS.iter().find(fits).map_or((error.kind, REFUSED), |row| (row.kind, row.advice));
    let wait = refusal.retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).or(error.retry_after);
    let reach = if refusal.global { Reach::Provider } else { error.reach };
    let error = error.meaning(kind, format!("{advice} (HTTP status {status})"));
    error.reaching(reach).with_retry_after(wait).saying(refusal.message)
}

/// One thing that Discord says, and what it means.
struct Meaning {
    statuses: RangeInclusive<u16>,
    code: Option<u32>,
    kind: FailureKind,
    /// What a person can do about it.
    advice: &'static str,
}

const fn code(code: u32, kind: FailureKind, advice: &'static str) -> Meaning {
    Meaning { statuses: 400..=499, code: Some(code), kind, advice }
}

const fn status(statuses: RangeInclusive<u16>, kind: FailureKind, advice: &'static str) -> Meaning {
    Meaning { statuses, code: None, kind, advice }
}

const FOREIGN: &str = "something before Discord answered in its place, perhaps because it blocks this server's address";
const REFUSED: &str = "Discord refused the message";
const BLOCKED: &str = "Discord blocks this server's address for now";
const NO_HOOK: &str = "the webhook was deleted; make a new one";
const NO_THREAD: &str = "the thread or the channel is not there any more; choose another one";
const NO_ENTRY: &str = "the thread is locked or archived; open it or choose another one";
const NO_RIGHTS: &str = "the webhook may not post there; look at the channel's settings";
const FORUM: &str = "the webhook belongs to a forum; give the id of one of its threads";
const BAD_TOKEN: &str = "the webhook URL is not valid any more; copy it from Discord again";
const SLOW_DOWN: &str = "Discord asks to wait";
const TROUBLE: &str = "Discord has trouble";

/// The first that fits counts. A webhook that was not found must not be called again, or Discord blocks the caller.
const MEANINGS: &[Meaning] = &[
    status(429..=429, FailureKind::Throttled, SLOW_DOWN),
    status(500..=599, FailureKind::Unavailable, TROUBLE),
    code(10_003, FailureKind::Gone, NO_THREAD),
    code(10_015, FailureKind::Gone, NO_HOOK),
    code(40_004, FailureKind::Unavailable, TROUBLE),
    code(40_006, FailureKind::Unavailable, TROUBLE),
    code(40_058, FailureKind::Gone, FORUM),
    code(40_333, FailureKind::Unavailable, BLOCKED),
    code(50_027, FailureKind::Unauthorized, BAD_TOKEN),
    code(50_083, FailureKind::Gone, NO_ENTRY),
    code(130_000, FailureKind::Unavailable, TROUBLE),
    code(160_005, FailureKind::Gone, NO_ENTRY),
    code(220_001, FailureKind::Gone, FORUM),
    status(401..=401, FailureKind::Unauthorized, BAD_TOKEN),
    status(403..=403, FailureKind::Gone, NO_RIGHTS),
    status(404..=404, FailureKind::Gone, NO_HOOK),
];
