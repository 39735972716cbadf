//! Signed webhooks as a provider, after Standard Webhooks 1.0.0.
#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod config;
mod sign;

use http::{HeaderName, HeaderValue};
use integrations_core::{
    DeliveryError, Egress, EventType, HttpRequest, Lane, Lanes, Message, Provider, Receipt,
    provider::{Description, Target, Verified},
};
use serde_json::json;

pub use config::{Config, Form, Secret};
pub use sign::SigningSecret;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Posts signed messages to URLs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Webhook;

impl Provider for Webhook {
    const KIND: &'static str = "webhook";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Webhook",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["url"],
            egress: Egress::Guarded,
        }
    }

    /// Asks nobody: a receiver cannot be asked without sending it a message.
    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let url = &target.config.url;
        let lane = |key: &str| Lane { key: key.to_owned(), rate: None };
        Ok(Verified {
            config: target.config.clone(),
            details: json!({ "host": url.host() }),
            identity: url.as_str().to_owned(),
            lanes: Lanes::new(lane(url.as_str()), lane(url.host())),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let Target { config, secret, service } = target;
        let body = body::of(message, config.payload, service.now)?;
        let timestamp = service.now.as_second().to_string();
        let signature = secret.signatures(&message.id, &timestamp, body.as_bytes());
        let request = HttpRequest::post(config.url.to_url(), "application/json", body)
            .header(ID, HeaderValue::from_str(&message.id)?)
            .header(TIMESTAMP, HeaderValue::from_str(&timestamp)?)
            .header(SIGNATURE, HeaderValue::from_str(&signature)?);
        service.call(request).await.map_err(answer::refine)?;
        Ok(Receipt::default())
    }
}
