//! What the Bot API answers, and what each of its refusals means for us.
//!
//! Descriptions of errors are no stable interface, so they are matched by parts of them, and whatever is not known
//! is judged by its status alone (<https://core.telegram.org/bots/api#making-requests>).

use std::{ops::RangeInclusive, time::Duration};

use integrations_core::{DeliveryError, FailureKind, HttpResponse, provider};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// A call that did not succeed, and what might make the next one succeed.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: DeliveryError,
    pub(crate) remedy: Option<Remedy>,
}

/// What to try at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The same without markup.
    Plain,
    /// Much less text.
    Shorter,
    /// The same without buttons.
    NoButtons,
    /// The chat's new identifier.
    NewChat(i64),
}

impl From<DeliveryError> for Refused {
    fn from(error: DeliveryError) -> Self {
        Self { error, remedy: None }
    }
}

impl From<Refused> for DeliveryError {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    ok: bool,
    result: Option<T>,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

/// <https://core.telegram.org/bots/api#responseparameters>
#[derive(Deserialize, Default)]
struct Parameters {
    migrate_to_chat_id: Option<i64>,
    retry_after: Option<u64>,
}

/// Reads the result out of an answer.
///
/// A success that cannot be read is [`FailureKind::Unconfirmed`]: the call may have taken effect. Anything else that
/// is not in the Bot API's form comes from something before it, a proxy for example, which will be mended.
pub(crate) fn read<T: DeserializeOwned>(answer: &HttpResponse, now: Timestamp) -> Result<T, Refused> {
    let (status, is_success) = (answer.status.as_u16(), answer.status.is_success());
    let (verdict, parameters) = match answer.json::<Envelope<T>>() {
        Some(Envelope { ok: true, result: Some(result), .. }) if is_success => return Ok(result),
        Some(Envelope { ok: false, error_code, description, parameters, .. }) => {
            let status = error_code.filter(|_| is_success).unwrap_or(status);
            (judge(status, &description), parameters)
        }
        _ if is_success => (failure(FailureKind::Unconfirmed, UNREADABLE, status, ""), Parameters::default()),
        _ if matches!(status, 300..=399 | 429) => (judge(status, ""), Parameters::default()),
        _ => (failure(FailureKind::Unavailable, FOREIGN, status, ""), Parameters::default()),
    };
    let wait = parameters.retry_after.map(Duration::from_secs);
    let wait = wait.or_else(|| provider::retry_after(&answer.headers, now));
    let remedy = parameters.migrate_to_chat_id.map(Remedy::NewChat).or(verdict.remedy);
    Err(Refused { error: verdict.error.with_retry_after(wait), remedy })
}

fn judge(status: u16, description: &str) -> Refused {
    let words = description.to_lowercase();
    let row = MEANINGS.iter().find(|row| row.statuses.contains(&status) && words.contains(row.says)).unwrap_or(&OTHER);
    Refused { remedy: row.remedy, ..failure(row.kind, row.advice, status, description) }
}

fn failure(kind: FailureKind, advice: &str, status: u16, description: &str) -> Refused {
    let message = if description.is_empty() { format!("{advice} (HTTP status {status})") } else { advice.to_owned() };
    let error = DeliveryError::new(kind, message).saying(description);
    DeliveryError { http_status: Some(status), ..error }.into()
}

/// One thing that Telegram says, and what it means.
struct Meaning {
    statuses: RangeInclusive<u16>,
    /// A part of the description, in lower case.
    says: &'static str,
    kind: FailureKind,
    remedy: Option<Remedy>,
    /// What a person can do about it.
    advice: &'static str,
}

const fn row(statuses: RangeInclusive<u16>, says: &'static str, kind: FailureKind, advice: &'static str) -> Meaning {
    Meaning { statuses, says, kind, remedy: None, advice }
}

const fn fault(says: &'static str, remedy: Remedy) -> Meaning {
    Meaning { remedy: Some(remedy), ..row(400..=400, says, FailureKind::Rejected, REFUSED) }
}

const UNREADABLE: &str = "the answer of the Bot API server cannot be read, or is too large";
const FOREIGN: &str = "something other than a Bot API server answered; check the Bot API base URL";
const REFUSED: &str = "Telegram refused the request";
const REDIRECT: &str = "the Bot API base URL answers with a redirect; configure the address that it leads to";
const UPGRADED: &str = "the group became a supergroup; give its new chat id";
const UNKNOWN_CHAT: &str = "the bot does not know the chat; send it a message there, or add it to the chat";
const NO_TOPIC: &str = "the topic was deleted or closed; open it again or choose another one";
const NO_RIGHTS: &str = "the bot may not write there; allow it to send messages";
const SHUT_OUT: &str = "the bot was blocked or removed; unblock it, or add it to the chat again";
const BAD_TOKEN: &str = "the bot token is not valid; get the current one from @BotFather";
const OLD_SERVER: &str = "the Bot API server does not know this method; update it";
const OTHER_READER: &str =
    "a webhook or another program receives what people send to this bot; stop it, or give the chat id by hand";
const TOO_LARGE: &str = "the request is too large for the Bot API server";
const SLOW_DOWN: &str = "Telegram asks to wait";
const TROUBLE: &str = "the Bot API server has trouble";

const OTHER: Meaning = row(0..=u16::MAX, "", FailureKind::Rejected, REFUSED);

/// The first that fits counts.
const MEANINGS: &[Meaning] = &[
    row(300..=399, "", FailureKind::Misconfigured, REDIRECT),
    fault("can't parse entities", Remedy::Plain),
    fault("text must be non-empty", Remedy::Plain),
    fault("message text is empty", Remedy::Plain),
    fault("message is too long", Remedy::Shorter),
    fault("button", Remedy::NoButtons),
    fault("keyboard", Remedy::NoButtons),
    fault("reply markup", Remedy::NoButtons),
    row(400..=403, "upgraded to a supergroup", FailureKind::Gone, UPGRADED),
    row(400..=403, "chat not found", FailureKind::Gone, UNKNOWN_CHAT),
    row(400..=403, "peer_id_invalid", FailureKind::Gone, UNKNOWN_CHAT),
    row(400..=403, "can't initiate conversation", FailureKind::Gone, UNKNOWN_CHAT),
    row(400..=403, "thread not found", FailureKind::Gone, NO_TOPIC),
    row(400..=403, "topic_closed", FailureKind::Gone, NO_TOPIC),
    row(400..=403, "topic_deleted", FailureKind::Gone, NO_TOPIC),
    row(400..=403, "not enough rights", FailureKind::Gone, NO_RIGHTS),
    row(400..=403, "need administrator rights", FailureKind::Gone, NO_RIGHTS),
    row(400..=403, "have no write access", FailureKind::Gone, NO_RIGHTS),
    row(400..=403, "no rights to send", FailureKind::Gone, NO_RIGHTS),
    row(400..=403, "chat_write_forbidden", FailureKind::Gone, NO_RIGHTS),
    row(400..=403, "chat_restricted", FailureKind::Gone, NO_RIGHTS),
    row(400..=400, "deactivated", FailureKind::Gone, SHUT_OUT),
    row(400..=400, "user_is_blocked", FailureKind::Gone, SHUT_OUT),
    row(400..=400, "channel_private", FailureKind::Gone, SHUT_OUT),
    row(403..=403, "", FailureKind::Gone, SHUT_OUT),
    row(401..=401, "", FailureKind::Unauthorized, BAD_TOKEN),
    row(404..=404, "method not found", FailureKind::Misconfigured, OLD_SERVER),
    row(404..=404, "", FailureKind::Unauthorized, BAD_TOKEN),
    row(421..=421, "", FailureKind::Unauthorized, BAD_TOKEN),
    row(408..=408, "", FailureKind::Unavailable, TROUBLE),
    row(409..=409, "", FailureKind::Rejected, OTHER_READER),
    row(413..=413, "", FailureKind::Rejected, TOO_LARGE),
    row(425..=425, "", FailureKind::Unavailable, TROUBLE),
    row(429..=429, "", FailureKind::Throttled, SLOW_DOWN),
    row(500..=599, "", FailureKind::Unavailable, TROUBLE),
];
