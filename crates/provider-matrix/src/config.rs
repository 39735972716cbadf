//! What users fill in: homeserver, room and access token.

use std::fmt;

use integrations_core::provider::HttpsUrl;
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The address at which the account's homeserver serves its clients.
    #[schemars(title = "Homeserver", example = "https://matrix.example.org")]
    pub homeserver: HttpsUrl,
    /// The room, by its id or by one of its addresses. The account must have joined it.
    #[schemars(
        title = "Room",
        with = "String",
        regex(pattern = r"^\s*[!#]\S{1,254}\s*$"),
        example = "!OGEhHVWSdvArJzumhm:example.org"
    )]
    pub room_id: Room,
}

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The access token of the account that writes into the room.
    #[schemars(title = "Access token", with = "String", regex(pattern = r"^\s*[!-~]{8,2048}\s*$"))]
    pub access_token: AccessToken,
}

/// A room by its id, `!…`, or by one of its addresses, `#name:server`
/// (<https://spec.matrix.org/latest/appendices/#room-ids>, <https://spec.matrix.org/latest/appendices/#room-aliases>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Room(String);

impl Room {
    /// The id or the address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an address, which may lead to another room tomorrow.
    #[must_use]
    pub fn is_alias(&self) -> bool {
        self.0.starts_with('#')
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Room> for String {
    fn from(room: Room) -> Self {
        room.0
    }
}

impl TryFrom<String> for Room {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let name = text.trim();
        let is_alias = name.starts_with('#') && name.contains(':');
        let is_plain = (2..=255).contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_plain || !(is_alias || name.starts_with('!')) {
            return Err(
                "must be the id of a room, such as !abc:example.org, or its address, such as #mail:example.org",
            );
        }
        Ok(Self(name.to_owned()))
    }
}

/// An access token. Its form is the homeserver's own.
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
        if !(8..=2048).contains(&token.len()) || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("must be an access token: at least 8 letters, digits and signs, without spaces");
        }
        Ok(Self(token.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rooms_have_ids_and_addresses() {
        let read = |text: &str| serde_json::from_value::<Room>(json!(text)).map_err(|error| error.to_string());
        for (typed, kept, is_alias) in [
            (" !OGEhHVWSdvArJzumhm:example.org\n", "!OGEhHVWSdvArJzumhm:example.org", false),
            ("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", false),
            ("#post:bücher.example:8448", "#post:bücher.example:8448", true),
        ] {
            let room = read(typed).unwrap();
            assert_eq!((room.as_str(), room.is_alias()), (kept, is_alias));
        }
        let long = format!("!{}", "hunter2".repeat(40));
        for wrong in ["", "!", "hunter2:example.org", "@hunter2:example.org", "#hunter2", "!hunter2 x", &long] {
            assert!(read(wrong).unwrap_err().starts_with("must be the id of a room"), "{wrong}");
        }
    }

    #[test]
    fn tokens_are_one_word() {
        let read = |text: &str| serde_json::from_value::<AccessToken>(json!(text)).map_err(|error| error.to_string());
        let token = read(" syt_cGhpbA_hunter2hunter2_1a2B3c\n").unwrap();
        assert_eq!(token.secret().expose_secret(), "syt_cGhpbA_hunter2hunter2_1a2B3c");
        assert!(!format!("{token:?}").contains("hunter2"));
        for wrong in ["", "hunter2", "hunter2 hunter2", "hunter2\nhunter2", "hunter2hünter2"] {
            assert!(read(wrong).unwrap_err().starts_with("must be an access token"), "{wrong}");
        }
    }
}
