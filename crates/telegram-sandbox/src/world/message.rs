//! A message in a chat.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::text::FormattedText;

/// A message in a chat, as it stands there now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Counts the messages of all chats in the order of their arrival, from 1.
    pub sequence: u64,
    /// When it arrived, in Unix milliseconds.
    pub at_ms: u64,
    /// The chat.
    pub chat_id: i64,
    /// Its number within the chat.
    pub message_id: i64,
    /// Who wrote it.
    pub from: Author,
    /// The forum topic it stands in; none for the General topic and outside forums.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<i64>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// Text and formatting.
    #[serde(flatten)]
    pub content: FormattedText,
    /// The rows of buttons below it.
    pub buttons: Vec<Vec<Button>>,
    /// Whether it came without a sound.
    pub silent: bool,
    /// Whether it may not be forwarded.
    pub protected: bool,
    /// When it was last edited, in Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at_ms: Option<u64>,
}

impl Message {
    /// Whether a bot wrote it.
    #[must_use]
    pub fn is_from_bot(&self) -> bool {
        matches!(self.from, Author::Bot(_))
    }
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Author {
    /// The bot with this identifier.
    Bot(i64),
    /// A person of this name.
    Person(String),
}

/// A button below a message. In JSON it looks as in the Bot API.
#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    /// The label.
    pub text: String,
    /// What it does.
    pub action: Action,
}

/// What a button does when it is pressed.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Opens a link.
    Url(String),
    /// Sends these data to the bot.
    Callback(String),
    /// Copies this text.
    CopyText(String),
    /// Opens a Web App.
    WebApp(String),
    /// Something that the sandbox takes as it is: the fields as they were sent.
    Other(Map<String, Value>),
}

impl Serialize for Button {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("text", &self.text)?;
        match &self.action {
            Action::Url(url) => map.serialize_entry("url", url)?,
            Action::Callback(data) => map.serialize_entry("callback_data", data)?,
            Action::CopyText(text) => map.serialize_entry("copy_text", &json!({"text": text}))?,
            Action::WebApp(url) => map.serialize_entry("web_app", &json!({"url": url}))?,
            Action::Other(fields) => fields.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?,
        }
        map.end()
    }
}
