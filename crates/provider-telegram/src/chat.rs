//! Where a message goes: a chat, and perhaps a topic in it, in the ways people write them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

const CHAT_RULE: &str = "must be a chat id such as -1001234567890, a name such as @mychannel, or a link such as https://t.me/c/1234567890/5";
const INVITE_RULE: &str =
    "is an invitation, which does not say which chat it is; give the chat's id or choose it from the list";
const TOPIC_RULE: &str = "must be the number of a topic, 1 or more";

/// Shorter numbers are typing errors.
const SMALLEST_ID: u64 = 10_000;

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatId {
    /// Its number: above zero for a person, below for groups and channels.
    Number(i64),
    /// The public name of a group or channel, with its `@`.
    Name(String),
}

impl ChatId {
    /// The form in which the Bot API takes it.
    pub(crate) fn to_parameter(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Name(name) => json!(name),
        }
    }

    fn from_number(number: i64) -> Result<Self, &'static str> {
        if number.unsigned_abs() < SMALLEST_ID { Err(CHAT_RULE) } else { Ok(Self::Number(number)) }
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Serialize for ChatId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for ChatId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if let Some(name) = text.strip_prefix('@') {
            let fits = (5..=32).contains(&name.len())
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            return if fits { Ok(Self::Name(text.to_owned())) } else { Err(CHAT_RULE) };
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CHAT_RULE);
        }
        text.parse().map_err(|_| CHAT_RULE).and_then(Self::from_number)
    }
}

/// A topic of a forum: the identifier of the message that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct TopicId(i32);

impl TopicId {
    /// The topic that every forum has. Messages go there when no topic is named, and naming it is refused.
    pub(crate) const GENERAL: Self = Self(1);
}

impl TryFrom<i64> for TopicId {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, &'static str> {
        i32::try_from(number).ok().filter(|number| *number > 0).map(Self).ok_or(TOPIC_RULE)
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What people put into the field for the chat: an id, a name, or a link, which may name a topic too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChatInput {
    pub(crate) chat: ChatId,
    pub(crate) topic: Option<TopicId>,
}

impl FromStr for ChatInput {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        match link_path(text) {
            Some(path) => read_link(path),
            None => Ok(Self { chat: text.parse()?, topic: None }),
        }
    }
}

/// What follows the host, if it is a link to Telegram.
fn link_path(text: &str) -> Option<&str> {
    let link = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let (host, path) = link.split_once('/')?;
    let path = path.split(['?', '#']).next()?;
    ["t.me", "telegram.me"].contains(&host.to_ascii_lowercase().as_str()).then(|| path.trim_end_matches('/'))
}

/// Reads `c/<id>` or `<name>`, each with `/<topic>` and `/<message>` or without
/// (<https://core.telegram.org/api/links#message-links>).
fn read_link(path: &str) -> Result<ChatInput, &'static str> {
    let mut parts = path.split('/');
    let chat = match parts.next().unwrap_or_default() {
        "c" => format!("-100{}", parts.next().unwrap_or_default()),
        "joinchat" => return Err(INVITE_RULE),
        invite if invite.starts_with('+') => return Err(INVITE_RULE),
        name => format!("@{name}"),
    };
    let topic = parts.next().map(|part| part.parse::<i64>().map_err(|_| CHAT_RULE)?.try_into()).transpose()?;
    match (parts.next(), parts.next()) {
        (_, None) => Ok(ChatInput { chat: chat.parse()?, topic }),
        _ => Err(CHAT_RULE),
    }
}

impl<'de> Deserialize<'de> for ChatInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChatVisitor)
    }
}

struct ChatVisitor;

impl de::Visitor<'_> for ChatVisitor {
    type Value = ChatInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ChatInput, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<ChatInput, E> {
        ChatId::from_number(number).map(|chat| ChatInput { chat, topic: None }).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ChatInput, E> {
        self.visit_i64(i64::try_from(number).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, Option<i32>), &'static str> {
        text.parse().map(|input: ChatInput| (input.chat.to_string(), input.topic.map(|topic| topic.0)))
    }

    #[test]
    fn ids_names_and_links_are_read() {
        let cases = [
            ("12345", "12345", None),
            (" -1001234567890\n", "-1001234567890", None),
            ("@my_channel", "@my_channel", None),
            ("t.me/c/1234567890", "-1001234567890", None),
            ("https://t.me/c/1234567890/5", "-1001234567890", Some(5)),
            ("https://t.me/c/1234567890/5/77", "-1001234567890", Some(5)),
            ("http://T.me/my_channel/", "@my_channel", None),
            ("https://telegram.me/my_channel/12?single#x", "@my_channel", Some(12)),
        ];
        for (text, chat, topic) in cases {
            assert_eq!(read(text), Ok((chat.to_owned(), topic)), "{text}");
        }
    }

    #[test]
    fn what_names_no_chat_is_refused() {
        let long_name = format!("@{}", "a".repeat(33));
        let cases = [
            "",
            "@",
            "@abcd",
            "@1abcd",
            "@abc-de",
            "@größe",
            &long_name,
            "1234",
            "0012345678a",
            "-",
            "--12345",
            "+12345",
            "00001",
            "99999999999999999999",
            "123456789012345678901",
            "１２３４５",
            "my_channel",
            "t.me/",
            "t.me/c/",
            "t.me/c/-5",
            "t.me/c/1234567890/x",
            "t.me/c/1234567890/0",
            "t.me/c/1234567890/1/2/3",
            "https://example.org/my_channel",
        ];
        for text in cases {
            assert!(read(text).is_err(), "{text}");
        }
        for text in ["https://t.me/+AbCdEf", "t.me/joinchat/AbCdEf"] {
            assert_eq!(read(text), Err(INVITE_RULE));
        }
    }

    #[test]
    fn what_is_read_reads_back_the_same() {
        for text in ["12345", "-1001234567890", "@my_channel", "t.me/c/1234567890", "0012345"] {
            let (chat, _) = read(text).unwrap();
            assert_eq!(read(&chat), Ok((chat.clone(), None)));
        }
    }
}
