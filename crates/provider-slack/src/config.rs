//! What users fill in: the service, and either a webhook's URL or a bot's token with a channel.

use std::fmt;

use integrations_core::provider::HttpsUrl;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// What receives the messages.
    #[serde(default)]
    #[schemars(title = "Service")]
    pub service: Chat,
    /// The id of the channel, for a bot token. A webhook has a channel of its own, so leave it empty there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        title = "Channel",
        with = "Option<String>",
        regex(pattern = r"^\s*[CDG][A-Z0-9]{7,20}\s*$"),
        example = &"C024BE91L"
    )]
    pub channel: Option<Channel>,
}

/// A chat service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Chat {
    /// Slack.
    #[default]
    Slack,
    /// Mattermost, on any host.
    Mattermost,
    /// Rocket.Chat, on any host.
    RocketChat,
}

/// What is sealed: one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(try_from = "SecretForm")]
pub enum Secret {
    /// The URL of an incoming webhook.
    Webhook(HttpsUrl),
    /// The token of a bot.
    Bot(#[schemars(with = "String")] BotToken),
}

/// What is filled in.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretForm {
    /// The URL of an incoming webhook. Who knows it can post to its channel. Give either this or a bot token.
    #[schemars(
        title = "Webhook URL",
        example = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXX"
    )]
    webhook_url: Option<HttpsUrl>,
    /// The token of a Slack bot, which begins with xoxb-. Give either this or a webhook URL.
    #[schemars(title = "Bot token", with = "Option<String>", regex(pattern = r"^\s*xoxb-[A-Za-z0-9-]{10,250}\s*$"))]
    bot_token: Option<BotToken>,
}

impl TryFrom<SecretForm> for Secret {
    type Error = &'static str;

    fn try_from(form: SecretForm) -> Result<Self, &'static str> {
        match (form.webhook_url, form.bot_token) {
            (Some(url), None) => Ok(Self::Webhook(url)),
            (None, Some(token)) => Ok(Self::Bot(token)),
            _ => Err("must have either webhookUrl or botToken"),
        }
    }
}

/// The id of a channel, a private channel or a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Channel(String);

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.0
    }
}

impl TryFrom<String> for Channel {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let id = text.trim();
        let is_id = (8..=21).contains(&id.len())
            && id.starts_with(['C', 'D', 'G'])
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_id {
            return Err("must be the id of a channel, such as C024BE91L; Slack shows it at the end of About");
        }
        Ok(Self(id.to_owned()))
    }
}

/// The token of a bot (<https://docs.slack.dev/authentication/tokens#bot>).
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretString")]
pub struct BotToken(SecretString);

impl BotToken {
    /// The token, for a header.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl TryFrom<SecretString> for BotToken {
    type Error = &'static str;

    fn try_from(text: SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        let rest = token.strip_prefix("xoxb-").unwrap_or_default();
        if !(10..=250).contains(&rest.len()) || !rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err("must be the token of a bot: xoxb- and letters, digits and dashes");
        }
        Ok(Self(token.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const HOOK: &str = "https://hooks.slack.com/services/T0/B0/hunter2hunter2";
    const TOKEN: &str = "xoxb-17653672481-hunter2hunter2";

    #[test]
    fn configurations_are_normalized() {
        let read = |form: Value| serde_json::to_value(serde_json::from_value::<Config>(form).unwrap()).unwrap();
        assert_eq!(read(json!({})), json!({ "service": "slack" }));
        assert_eq!(read(json!({ "service": "rocketchat", "channel": null })), json!({ "service": "rocketchat" }));
        let bot = json!({ "service": "slack", "channel": "C024BE91L" });
        assert_eq!(read(json!({ "channel": " C024BE91L " })), bot);
        assert_eq!(read(bot.clone()), bot);
    }

    #[test]
    fn channels_are_ids() {
        for wrong in ["", "general", "#general", "c024be91l", "U024BE91L", "C0", "C024BE91L/../x"] {
            let error = serde_json::from_value::<Channel>(json!(wrong)).unwrap_err().to_string();
            assert!(error.starts_with("must be the id of a channel"), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_one_of_two() {
        let read = |form: Value| serde_json::from_value::<Secret>(form).map_err(|error| error.to_string());
        assert!(matches!(read(json!({ "webhookUrl": HOOK })), Ok(Secret::Webhook(_))));
        assert!(matches!(read(json!({ "botToken": format!(" {TOKEN}\n"), "webhookUrl": null })), Ok(Secret::Bot(_))));
        for shown in [read(json!({ "webhookUrl": HOOK })), read(json!({ "botToken": TOKEN }))] {
            assert!(!format!("{shown:?}").contains("hunter2"), "{shown:?}");
        }
        for wrong in [json!({}), json!({ "webhookUrl": HOOK, "botToken": TOKEN })] {
            assert_eq!(read(wrong).unwrap_err(), "must have either webhookUrl or botToken");
        }
        for wrong in ["", "hunter2", "xoxp-17653672481-hunter2", "xoxb-", "xoxb-17653672481 hunter2"] {
            let error = read(json!({ "botToken": wrong })).unwrap_err();
            assert!(error.starts_with("must be the token of a bot"), "{wrong}: {error}");
        }
    }
}
