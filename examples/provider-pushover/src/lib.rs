//! Pushover as a provider.
#![doc = include_str!("../README.md")]

use integrations_core::{
    DeliveryError, Egress, EventType, FailureKind, HttpRequest, Lanes, Message, Provider, Receipt,
    provider::{Description, Service, Target, Verified},
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
        let user = &target.config.user_key;
        let body = json!({ "token": target.secret.api_token.expose_secret(), "user": user });
        call(target.service, "users/validate", &body).await.map_err(DeliveryError::repeatable)?;
        Ok(Verified {
            config: target.config.clone(),
            details: json!({}),
            identity: user.clone(),
            lanes: Lanes::single(user).one_by_one(),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let notification = message.notification();
        let link = notification.actions.first().map(|action| action.url.as_str());
        let body = json!({
            "token": target.secret.api_token.expose_secret(),
            "user": target.config.user_key,
            "title": text::cut(&notification.heading(), MAX_TITLE),
            "message": text::cut(&notification.plain_text(), MAX_TEXT),
            "url": link.filter(|link| link.len() <= MAX_LINK),
        });
        Ok(Receipt { remote_id: call(target.service, "messages", &body).await?.request })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    request: Option<String>,
    token: Option<String>,
    user: Option<String>,
    errors: Vec<String>,
}

async fn call(service: Service<'_>, method: &str, body: &Value) -> Result<Answer, DeliveryError> {
    let url = format!("https://api.pushover.net/1/{method}.json").parse()?;
    let answer = service.send(HttpRequest::post_json(url, body)).await?;
    let Some(error) = DeliveryError::from_answer(&answer, service.now) else { return answer.read() };
    let Answer { token, user, errors, .. } = answer.json().unwrap_or_default();
    let error = match (token, user) {
        (Some(_), _) => error.meaning(FailureKind::Unauthorized, "the API token is not valid; copy it again"),
        (_, Some(_)) => error.meaning(FailureKind::Gone, "Pushover knows no such user, or no device of theirs"),
        _ => error,
    };
    Err(error.saying(errors.join("; ")))
}
