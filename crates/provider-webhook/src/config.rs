//! What users fill in: the URL and the keys that sign.

use integrations_core::provider::HttpsUrl;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SigningSecret;

/// Where messages go, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Where messages are posted to. It is shown to everybody in the organization, so put no credential into it.
    #[schemars(title = "URL", example = "https://example.org/hooks/mail")]
    pub url: HttpsUrl,
    /// `full` sends what is known of an event, `thin` only the identifiers, to be looked up by the receiver.
    #[serde(default)]
    #[schemars(title = "Payload")]
    pub payload: Form,
}

/// How much of an event is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// What is known of it.
    #[default]
    Full,
    /// Its identifiers.
    Thin,
}

const KEY_PATTERN: &str = r"^\s*whsec_[A-Za-z0-9+/]{32,86}={0,2}\s*$";

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The key that signs messages: whsec_ and 24 to 64 random bytes in base64. The receiver needs it too.
    #[schemars(
        title = "Signing secret",
        with = "String",
        example = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    )]
    pub signing_secret: SigningSecret,
    /// The key that is being replaced. While it stands here, messages are signed with both.
    #[schemars(title = "Previous signing secret", with = "Option<String>", regex(pattern = KEY_PATTERN))]
    pub previous_signing_secret: Option<SigningSecret>,
}

impl Secret {
    /// What goes into the header `webhook-signature`: a signature for each key, separated by spaces.
    pub(crate) fn signatures(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let keys = std::iter::once(&self.signing_secret).chain(&self.previous_signing_secret);
        keys.map(|key| key.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
    }
}
