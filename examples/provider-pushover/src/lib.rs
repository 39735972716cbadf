//! Pushover as a provider.
#![doc = include_str!("../README.md")]

use integrations_core::{
    DeliveryError, Egress, EventType, FailureKind, HttpRequest, Lane, Lanes, Message, Provider, Receipt,
    provider::{Description, Notification, Service, Target, Verified},
    text,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const MAX_TITLE: usize = 250;
const MAX_TEXT: usize = 1024;
const MAX_LINK: usize = 512;

/// Sends messages to Pushover.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pushover;

/// Where messages go.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The key of the user or group who gets the messages.
    #[schemars(title = "User key", regex(pattern = "^[A-Za-z0-9]{30}$"))]
    pub user_key: String,
    /// Deliver without a sound.
    #[serde(default)]
    #[schemars(title = "Silent")]
    pub silent: bool,
}

/// What is sealed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// The API token of your Pushover application.
    #[schemars(title = "API token", with = "String")]
    pub api_token: SecretString,
}

impl Provider for Pushover {
    const KIND: &'static str = "pushover";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Pushover",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["userKey"],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let (user, token) = (&target.config.user_key, target.secret.api_token.expose_secret());
        let body = json!({ "token": token, "user": user });
        let answer = call(target.service, "users/validate", &body).await.map_err(DeliveryError::repeatable)?;
        let lane = || Lane { key: user.clone(), rate: None };
        Ok(Verified {
            config: target.config.clone(),
            details: json!({ "devices": answer.devices }),
            identity: user.clone(),
            lanes: Lanes { destination: lane(), credential: lane() },
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let mut body = render(&message.notification());
        body["token"] = json!(target.secret.api_token.expose_secret());
        body["user"] = json!(target.config.user_key);
        body["priority"] = json!(if target.config.silent { -1 } else { 0 });
        let answer = call(target.service, "messages", &body).await?;
        Ok(Receipt { remote_id: answer.request })
    }
}

/// The message as Pushover wants it.
#[must_use]
pub fn render(notification: &Notification) -> Value {
    let link = notification.actions.first().filter(|action| action.url.as_str().len() <= MAX_LINK);
    json!({
        "title": text::cut(&notification.heading(), MAX_TITLE),
        "message": text::cut(&notification.plain_text(), MAX_TEXT),
        "url": link.map(|action| action.url.as_str()),
        "url_title": link.map(|action| &action.label),
    })
}

#[derive(Deserialize)]
#[serde(default)]
struct Answer { status: u8, request: Option<String>, devices: Vec<String>, token: String, user: String, errors: Vec<String> }
