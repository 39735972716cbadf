//! The way that a message takes: through a webhook, or as a bot. Found once both halves of the settings are known.

use integrations_core::{
    DeliveryError, FailureKind, HttpRequest,
    provider::{HttpsUrl, Service},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{BotToken, Channel, Chat, Config, Secret, answer};

/// Where Slack's webhooks are, also those for government.
const SLACK_HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// One of the ways.
pub(crate) enum Way<'a> {
    Webhook(Webhook<'a>),
    Bot(Bot<'a>),
}

impl<'a> Way<'a> {
    /// The way that these settings describe.
    pub(crate) fn of(config: &'a Config, secret: &'a Secret) -> Result<Self, DeliveryError> {
        let wrong = |advice| Err(DeliveryError::new(FailureKind::Misconfigured, advice));
        match (secret, &config.channel, config.service) {
            (Secret::Webhook(_), Some(_), _) => wrong("a webhook has a channel of its own; leave channel empty"),
            (Secret::Webhook(url), None, Chat::Slack) if !SLACK_HOSTS.contains(&url.host()) => {
                wrong("this is no webhook of Slack: its URL begins with https://hooks.slack.com/")
            }
            (Secret::Webhook(url), None, _) => Ok(Self::Webhook(Webhook { url })),
            (Secret::Bot(token), Some(channel), Chat::Slack) => Ok(Self::Bot(Bot { token, channel })),
            (Secret::Bot(_), None, Chat::Slack) => wrong("a bot token needs a channel"),
            (Secret::Bot(_), _, _) => wrong("bot tokens are for Slack; give a webhook URL"),
        }
    }
}

/// An incoming webhook (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>).
pub(crate) struct Webhook<'a> {
    pub(crate) url: &'a HttpsUrl,
}

impl Webhook<'_> {
    /// A name that tells webhooks apart and does not give the URL away.
    pub(crate) fn identity(&self) -> String {
        let mut digest = hex::encode(Sha256::digest(self.url.as_str()));
        digest.truncate(32);
        format!("{}/{digest}", self.url.host())
    }

    /// Posts a message.
    pub(crate) async fn post(&self, body: &Value, service: Service<'_>) -> Result<(), DeliveryError> {
        let answer = service.send(HttpRequest::post_json(self.url.to_url(), body)).await?;
        answer::of_webhook(&answer, service.now)
    }
}

/// A bot in a channel (<https://docs.slack.dev/apis/web-api>).
pub(crate) struct Bot<'a> {
    pub(crate) token: &'a BotToken,
    pub(crate) channel: &'a Channel,
}

impl Bot<'_> {
    /// Whose token it is (<https://docs.slack.dev/reference/methods/auth.test>).
    pub(crate) async fn whoami(&self, service: Service<'_>) -> Result<answer::Account, DeliveryError> {
        self.call("auth.test", &json!({}), service).await.map_err(DeliveryError::repeatable)
    }

    /// Posts a message (<https://docs.slack.dev/reference/methods/chat.postMessage>).
    pub(crate) async fn post(&self, mut body: Value, service: Service<'_>) -> Result<answer::Posted, DeliveryError> {
        if let Some(body) = body.as_object_mut() {
            body.insert("channel".to_owned(), json!(self.channel));
        }
        self.call("chat.postMessage", &body, service).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        body: &Value,
        service: Service<'_>,
    ) -> Result<T, DeliveryError> {
        let url = Url::parse(&format!("https://slack.com/api/{method}"))
            .map_err(|_| DeliveryError::new(FailureKind::Misconfigured, "the method is no part of a URL"))?;
        let answer = service.send(HttpRequest::post_json(url, body).bearer(self.token.secret())?).await?;
        answer::of_bot(&answer, service.now)
    }
}
