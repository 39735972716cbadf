//! What users fill in: the chat, and the bot's token.

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::chat::{ChatId, ChatInput, TopicId};

/// Where messages go, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", try_from = "Form")]
pub struct Config {
    /// The chat.
    #[schemars(with = "String")]
    pub chat_id: ChatId,
    /// The topic of a forum; none for its General topic, and for other chats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub topic_id: Option<TopicId>,
    /// Whether messages arrive without a sound.
    pub silent: bool,
}

/// The configuration as it is typed in. What stands here is shown to users.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    /// The id of the chat, the @name of a public group or channel, or a link to the chat or to one of its topics.
    #[schemars(
        title = "Chat",
        with = "String",
        regex(pattern = r"^\s*(-?\d{5,20}|@[A-Za-z][A-Za-z0-9_]{4,31}|(https?://)?(t|telegram)\.me/\S+)\s*$"),
        example = "-1001234567890",
        example = "@mychannel",
        example = "https://t.me/c/1234567890/5"
    )]
    chat_id: ChatInput,
    /// The number of the topic, in a group that has topics. Leave it empty for the General topic.
    #[schemars(title = "Topic", with = "Option<u32>", range(min = 1, max = i32::MAX), example = 5)]
    topic_id: Option<TopicId>,
    /// Deliver without a sound.
    #[serde(default)]
    #[schemars(title = "Silent")]
    silent: bool,
}

impl TryFrom<Form> for Config {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, &'static str> {
        let ChatInput { chat, topic } = form.chat_id;
        if topic.is_some() && form.topic_id.is_some() && topic != form.topic_id {
            return Err("names two topics: one in the link of chatId and another in topicId; leave one of them out");
        }
        let topic_id = topic.or(form.topic_id).filter(|topic| *topic != TopicId::GENERAL);
        Ok(Self { chat_id: chat, topic_id, silent: form.silent })
    }
}

/// What is sealed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The token that @BotFather gave you for your bot.
    #[schemars(
        title = "Bot token",
        with = "String",
        regex(pattern = r"^\s*\d{6,}:[A-Za-z0-9_-]{30,}\s*$"),
        length(max = 256),
        example = "123456789:AAExampleExampleExampleExampleExamp"
    )]
    pub bot_token: BotToken,
}

/// The token of a bot: its number, a colon, and a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretString")]
pub struct BotToken(SecretString);

impl BotToken {
    /// The greatest length, in characters.
    const LONGEST: usize = 256;

    /// The whole token, for the path of a request.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TryFrom<SecretString> for BotToken {
    type Error = &'static str;

    fn try_from(text: SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        let (number, secret) = token.split_once(':').unwrap_or_default();
        let fits = token.len() <= Self::LONGEST
            && number.len() >= 6
            && number.bytes().all(|b| b.is_ascii_digit())
            && secret.len() >= 30
            && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if fits {
            Ok(Self(token.into()))
        } else {
            Err("must be a bot token as @BotFather gives it: digits, a colon, and at least 30 letters, digits, _ or -")
        }
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
            (json!({"chatId": " 12345 "}), json!({"chatId": "12345", "silent": false})),
            (json!({"chatId": -1_001_234_567_890_i64}), json!({"chatId": "-1001234567890", "silent": false})),
            (json!({"chatId": 12345, "topicId": null}), json!({"chatId": "12345", "silent": false})),
            (json!({"chatId": "@my_channel", "topicId": 1}), json!({"chatId": "@my_channel", "silent": false})),
            (
                json!({"chatId": "t.me/c/1234567890/5", "topicId": 5, "silent": true}),
                json!({"chatId": "-1001234567890", "topicId": 5, "silent": true}),
            ),
        ];
        for (form, config) in cases {
            assert_eq!(read(form), Ok(config.clone()));
            assert_eq!(read(config.clone()), Ok(config));
        }
    }

    #[test]
    fn wrong_configurations_are_refused_without_their_values() {
        let cases = [
            json!({}),
            json!({"chatId": "hunter2"}),
            json!({"chatId": 7}),
            json!({"chatId": 7.5}),
            json!({"chatId": u64::MAX}),
            json!({"chatId": "12345", "topicId": 0}),
            json!({"chatId": "12345", "topicId": -3}),
            json!({"chatId": "12345", "topicId": 3_000_000_000_u32}),
            json!({"chatId": "t.me/c/1234567890/5", "topicId": 6}),
            json!({"chatId": "12345", "loud": true}),
        ];
        for form in cases {
            let error = read(form.clone()).unwrap_err();
            assert!(!error.contains("hunter2"), "{form}: {error}");
        }
    }

    #[test]
    fn tokens_are_trimmed_checked_and_hidden() {
        let token = format!("123456:{}", "Ab_-9".repeat(7));
        let read = |text: &str| serde_json::from_value::<Secret>(json!({"botToken": text}));
        assert_eq!(read(&format!(" {token}\n")).unwrap().bot_token.expose(), token);
        assert!(!format!("{:?}", read(&token)).contains("Ab_"));
        let long = format!("123456:{}", "a".repeat(250));
        for wrong in ["", ":", &token[1..], &token[..36], &token.replace(':', ""), &format!("{token}/x"), &long] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
