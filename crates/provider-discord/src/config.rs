//! What users fill in: the webhook's URL, and how messages arrive.

use std::{fmt, num::NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::HookUrl;

/// How messages arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The id of a thread in the webhook's channel. Leave it empty to post to the channel itself; a forum needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "Thread",
        with = "Option<String>",
        regex(pattern = r"^\s*\d{15,20}\s*$"),
        example = "1194285672123039744"
    )]
    pub thread_id: Option<ThreadId>,
    /// Deliver without a notification.
    #[serde(default)]
    #[schemars(title = "Silent")]
    pub silent: bool,
}

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The URL of the channel's webhook. Who knows it can post there.
    #[schemars(
        title = "Webhook URL",
        with = "String",
        regex(
            pattern = r"^\s*https://((ptb|canary)\.)?discord(app)?\.com/api/(v\d+/)?webhooks/\d+/[A-Za-z0-9_-]+/?\s*$"
        ),
        example = "https://discord.com/api/webhooks/1194285672123039744/ExampleExampleExampleExampleExampleExampleExampleExampleExampleExampl"
    )]
    pub webhook_url: HookUrl,
}

/// The id of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreadId(NonZeroU64);

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ThreadId> for String {
    fn from(id: ThreadId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ThreadId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let id = text.trim();
        let digits = Some(id).filter(|id| (15..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        number.map(Self).ok_or("must be the id of a thread: 15 to 20 digits, as Copy Thread ID gives them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(form: Value) -> Result<Value, String> {
        let config: Config = serde_json::from_value(form).map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(config).unwrap())
    }

    #[test]
    fn configurations_are_normalized() {
        let cases = [
            (json!({}), json!({ "silent": false })),
            (json!({ "threadId": null, "silent": true }), json!({ "silent": true })),
            (
                json!({ "threadId": " 1194285672123039744 " }),
                json!({ "threadId": "1194285672123039744", "silent": false }),
            ),
        ];
        for (form, config) in cases {
            assert_eq!(read(form), Ok(config.clone()));
            assert_eq!(read(config.clone()), Ok(config));
        }
    }

    #[test]
    fn wrong_thread_ids_are_refused_without_their_values() {
        for wrong in ["", "hunter2", "12345", "+94285672123039744", "99999999999999999999", "000000000000000000"] {
            let error = read(json!({ "threadId": wrong })).unwrap_err();
            assert!(error.starts_with("must be the id"), "{wrong}: {error}");
        }
    }
}
