//! A call that Telegram refuses, in Telegram's words.

use std::time::Duration;

/// What the Bot API answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) description: String,
    pub(crate) retry_after: Option<u64>,
    pub(crate) migrate_to_chat_id: Option<i64>,
}

impl Refusal {
    pub(crate) fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into(), retry_after: None, migrate_to_chat_id: None }
    }

    /// Status 400. Like the Bot API server it lowers the first letter, unless the reason is a code in capitals.
    pub(crate) fn bad_request(reason: impl AsRef<str>) -> Self {
        let reason = reason.as_ref();
        let mut rest = reason.chars();
        let first = rest.next();
        let is_code = rest.clone().next().is_some_and(|second| second == '_' || second.is_ascii_uppercase());
        let first = first.map(|c| if is_code { c } else { c.to_ascii_lowercase() });
        let reason: String = first.into_iter().chain(rest).collect();
        Self::new(400, format!("Bad Request: {reason}"))
    }

    pub(crate) fn forbidden(reason: &str) -> Self {
        Self::new(403, format!("Forbidden: {reason}"))
    }

    pub(crate) fn flood(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let description = format!("Too Many Requests: retry after {seconds}");
        Self { retry_after: Some(seconds), ..Self::new(429, description) }
    }

    pub(crate) fn migrated(chat: i64) -> Self {
        let refusal = Self::bad_request("group chat was upgraded to a supergroup chat");
        Self { migrate_to_chat_id: Some(chat), ..refusal }
    }
}
