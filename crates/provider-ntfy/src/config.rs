//! What users fill in: server, topic and how loud messages are; the access token.

use std::fmt;

use integrations_core::{provider::HttpsUrl, text};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Where messages go, and how they arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The ntfy server, without the topic.
    #[serde(default)]
    #[schemars(title = "Server", with = "HttpsUrl", example = "https://ntfy.example.org")]
    pub server: Server,
    /// The topic. On a server without access control it is as good as a password, and everybody in the organization
    /// can see it here.
    #[schemars(
        title = "Topic",
        with = "String",
        regex(pattern = r"^\s*[-_A-Za-z0-9]{1,64}\s*$"),
        example = "mail-Xb4kq9Tz"
    )]
    pub topic: Topic,
    /// From 1 (no sound) over 3 (as usual) to 5 (urgent).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Priority", with = "Option<u8>", range(min = 1, max = 5))]
    pub priority: Option<Priority>,
    /// Words to sort messages by. The names of emoji, such as `incoming_envelope`, are shown as emoji.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    #[schemars(title = "Tags", with = "Vec<String>", length(max = Tags::MOST))]
    pub tags: Tags,
}

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// An access token, for topics that not everybody may write to. It begins with tk_.
    #[schemars(title = "Access token", with = "Option<String>", regex(pattern = r"^\s*tk_[A-Za-z0-9]{8,125}\s*$"))]
    pub access_token: Option<AccessToken>,
}

/// The address of a server. ntfy does not run below a path
/// (<https://docs.ntfy.sh/config/#config-options>, `base-url`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HttpsUrl", into = "HttpsUrl")]
pub struct Server(HttpsUrl);

impl Server {
    /// The URL, ending with a slash.
    #[must_use]
    pub fn url(&self) -> &HttpsUrl {
        &self.0
    }
}

impl Default for Server {
    #[expect(clippy::expect_used, reason = "the text is a constant")]
    fn default() -> Self {
        Self(HttpsUrl::try_from("https://ntfy.sh/".to_owned()).expect("a valid URL"))
    }
}

impl TryFrom<HttpsUrl> for Server {
    type Error = &'static str;

    fn try_from(url: HttpsUrl) -> Result<Self, &'static str> {
        let parsed = url.to_url();
        if parsed.path() != "/" || parsed.query().is_some() {
            return Err("must end after the host; the name of the topic belongs into topic");
        }
        Ok(Self(url))
    }
}

impl From<Server> for HttpsUrl {
    fn from(server: Server) -> Self {
        server.0
    }
}

/// The name of a topic (<https://docs.ntfy.sh/publish/#picking-a-topic>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(String);

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.0
    }
}

impl TryFrom<String> for Topic {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let name = text.trim();
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_name || !(1..=64).contains(&name.len()) {
            return Err("must be the name of a topic: up to 64 letters, digits, - and _, without the server");
        }
        Ok(Self(name.to_owned()))
    }
}

/// How loud a message is (<https://docs.ntfy.sh/publish/#message-priority>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}

impl TryFrom<u8> for Priority {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        Some(number).filter(|number| (1..=5).contains(number)).map(Self).ok_or("must be a whole number from 1 to 5")
    }
}

/// Words that go with every message; all together far below the 512 bytes that servers take
/// (<https://docs.ntfy.sh/publish/#tags-emojis>).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Tags(Vec<String>);

impl Tags {
    const MOST: usize = 8;
    const LONGEST: usize = 32;

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Tags> for Vec<String> {
    fn from(tags: Tags) -> Self {
        tags.0
    }
}

impl TryFrom<Vec<String>> for Tags {
    type Error = &'static str;

    fn try_from(tags: Vec<String>) -> Result<Self, &'static str> {
        let tags: Vec<_> = tags.iter().map(|tag| text::single_line(tag).into_owned()).collect();
        let is_tag = |tag: &String| (1..=Self::LONGEST).contains(&tag.len()) && !tag.contains(',');
        if tags.len() > Self::MOST || !tags.iter().all(is_tag) {
            return Err("must be at most 8 words of at most 32 bytes, without commas");
        }
        Ok(Self(tags))
    }
}

/// An access token (<https://docs.ntfy.sh/publish/#access-tokens>).
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretString")]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// The token, for a header.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl TryFrom<SecretString> for AccessToken {
    type Error = &'static str;

    fn try_from(text: SecretString) -> Result<Self, &'static str> {
        let token = text.expose_secret().trim();
        let rest = token.strip_prefix("tk_").unwrap_or_default();
        if !(8..=125).contains(&rest.len()) || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err("must be an access token: tk_ and letters and digits");
        }
        Ok(Self(token.into()))
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
            (json!({ "topic": " mail_7 " }), json!({ "server": "https://ntfy.sh/", "topic": "mail_7" })),
            (
                json!({ "server": " HTTPS://Ntfy.Example:8443", "topic": "m", "priority": 5, "tags": [" mail ", "+1"] }),
                json!({ "server": "https://ntfy.example:8443/", "topic": "m", "priority": 5, "tags": ["mail", "+1"] }),
            ),
            (
                json!({ "topic": "m", "priority": null, "tags": [] }),
                json!({ "server": "https://ntfy.sh/", "topic": "m" }),
            ),
        ];
        for (form, config) in cases {
            assert_eq!(read(form), Ok(config.clone()));
            assert_eq!(read(config.clone()), Ok(config));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let long = "hunter2".repeat(10);
        for (wrong, said) in [
            (json!({ "server": "https://ntfy.sh/hunter2", "topic": "m" }), "must end after the host"),
            (json!({ "server": "https://ntfy.sh/?hunter2", "topic": "m" }), "must end after the host"),
            (json!({ "server": "http://hunter2/", "topic": "m" }), "must begin with https://"),
            (json!({ "topic": "" }), "must be the name of a topic"),
            (json!({ "topic": "hunter2/json" }), "must be the name of a topic"),
            (json!({ "topic": long }), "must be the name of a topic"),
            (json!({ "topic": "m", "priority": 0 }), "must be a whole number from 1 to 5"),
            (json!({ "topic": "m", "priority": 6 }), "must be a whole number from 1 to 5"),
            (json!({ "topic": "m", "tags": ["a,hunter2"] }), "must be at most 8 words"),
            (json!({ "topic": "m", "tags": [" "] }), "must be at most 8 words"),
            (json!({ "topic": "m", "tags": [long] }), "must be at most 8 words"),
            (json!({ "topic": "m", "tags": vec!["a"; 9] }), "must be at most 8 words"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }

    #[test]
    fn tokens_are_told_from_other_texts() {
        let read = |text: &str| serde_json::from_value::<AccessToken>(json!(text)).map_err(|error| error.to_string());
        let token = read(" tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2\n").unwrap();
        assert_eq!(token.secret().expose_secret(), "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2");
        assert!(!format!("{token:?}").contains("AgQ"));
        for wrong in ["", "tk_", "hunter2hunter2", "tk_hunter2:hunter2", "Bearer tk_hunter2hunter2"] {
            assert_eq!(read(wrong).unwrap_err(), "must be an access token: tk_ and letters and digits");
        }
    }
}
