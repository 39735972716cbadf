//! Skeleton as a provider.
#![doc = include_str!("../README.md")]

use integrations_core::{
    DeliveryError, Egress, EventType, HttpRequest, Lanes, Message, Provider, Receipt,
    provider::{Description, HttpsUrl, Target, Verified},
    text,
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest title that the service takes, in characters.
const MAX_TITLE: usize = 100;
/// The longest text, in characters.
const MAX_TEXT: usize = 2000;

/// Sends messages to Skeleton.
#[derive(Debug, Clone, Copy, Default)]
pub struct Skeleton;

/// Where messages go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The address that messages are posted to.
    #[schemars(title = "URL", example = "https://example.org/messages")]
    pub url: HttpsUrl,
}

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The token that the service gave you.
    #[schemars(title = "Token", with = "String")]
    pub token: SecretString,
}

impl Provider for Skeleton {
    const KIND: &'static str = "skeleton";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Skeleton",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["url"],
            egress: Egress::Guarded,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let url = &target.config.url;
        let question = HttpRequest::get(url.to_url()).bearer(&target.secret.token)?;
        target.service.call(question).await.map_err(DeliveryError::repeatable)?;
        Ok(Verified {
            config: target.config.clone(),
            details: json!({ "host": url.host() }),
            identity: url.as_str().to_owned(),
            lanes: Lanes::single(url.as_str()),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let notification = message.notification();
        let body = json!({
            "title": text::cut(&notification.heading(), MAX_TITLE),
            "text": text::cut(&notification.plain_text(), MAX_TEXT),
        });
        let request = HttpRequest::post_json(target.config.url.to_url(), &body).bearer(&target.secret.token)?;
        target.service.call(request).await?;
        Ok(Receipt::default())
    }
}
