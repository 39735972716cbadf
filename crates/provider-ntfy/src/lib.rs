//! ntfy topics as a provider.
#![doc = include_str!("../README.md")]

mod answer;
mod config;
mod render;

use integrations_core::{
    DeliveryError, Egress, EventType, HttpRequest, Lane, Lanes, Message, Provider, Rate, Receipt,
    provider::{Description, Target, Verified},
    text,
};
use serde::Deserialize;
use serde_json::json;

pub use config::{AccessToken, Config, Priority, Secret, Server, Tags, Topic};
pub use render::{Rendered, render};

/// What a server takes from an account unless its operator decides otherwise
/// (<https://docs.ntfy.sh/publish/#limitations>).
const ACCOUNT_RATE: Rate = Rate { interval_millis: 5_000, burst: 60 };

const LABEL_CHARS: usize = 64;

/// Publishes messages to topics of ntfy servers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ntfy;

impl Provider for Ntfy {
    const KIND: &'static str = "ntfy";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "ntfy",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["server", "topic"],
            egress: Egress::Guarded,
        }
    }

    /// Asks whose the token is. Whether the account may write to the topic, only a message shows: what servers tell
    /// beforehand (`/{topic}/auth`) is whether it may read it.
    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let config = target.config;
        let mut url = config.server.url().to_url();
        url.set_path("/v1/account");
        let request = authorized(HttpRequest::get(url), target.secret)?;
        let answer = target.service.send(request).await.map_err(DeliveryError::repeatable)?;
        let account: Account = answer::read(&answer, target.service.now).map_err(DeliveryError::repeatable)?;
        let name = text::short_line(&account.username, LABEL_CHARS);
        let server = config.server.url();
        let identity = format!("{}{}", server.as_str(), config.topic);
        Ok(Verified {
            config: config.clone(),
            details: json!({ "host": server.host(), "account": Some(&name).filter(|_| account.role != ANONYMOUS) }),
            lanes: Lanes::new(
                Lane { key: identity.clone(), rate: None },
                Lane { key: format!("{}{name}", server.as_str()), rate: Some(ACCOUNT_RATE) },
            )
            .one_by_one(),
            identity,
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let Target { config, secret, service } = target;
        let Rendered { title, message: text, click } = render(&message.notification());
        let body = json!({
            "topic": config.topic,
            "title": title,
            "message": text,
            "click": click,
            "priority": config.priority,
            "tags": config.tags,
            "sequence_id": message.id,
        });
        let request = authorized(HttpRequest::post_json(config.server.url().to_url(), &body), secret)?;
        let published: Published = answer::read(&service.send(request).await?, service.now)?;
        Ok(Receipt { remote_id: Some(published.id) })
    }
}

fn authorized(request: HttpRequest, secret: &Secret) -> Result<HttpRequest, DeliveryError> {
    match &secret.access_token {
        Some(token) => Ok(request.bearer(token.secret())?),
        None => Ok(request),
    }
}

/// The part of an answer to `GET /v1/account` that is used. Who shows no token is `*`, and anonymous
/// (<https://github.com/binwiederhier/ntfy/blob/main/server/server_account.go>).
#[derive(Deserialize)]
struct Account {
    username: String,
    role: String,
}

const ANONYMOUS: &str = "anonymous";

/// The part of a published message that is kept (<https://docs.ntfy.sh/subscribe/api/#json-message-format>).
#[derive(Deserialize)]
struct Published {
    id: String,
}
