//! Discord channels as a provider, through their webhooks.
#![doc = include_str!("../README.md")]

mod answer;
mod config;
mod hook;
mod markdown;
mod render;

use http::{HeaderValue, header::USER_AGENT};
use integrations_core::{
    DeliveryError, Egress, EventType, FailureKind, HttpRequest, Lane, Lanes, Message, Provider, Rate, Receipt,
    provider::{Description, Target, Verified},
    text,
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

pub use config::{Config, Secret, ThreadId};
pub use hook::HookUrl;
pub use render::{Embed, EmbedField, render};

/// Five messages in two seconds are what a webhook was seen to take, and thirty in a minute what its channel was
/// (<https://github.com/discord/discord-api-docs/issues/367>).
const HOOK_RATE: Rate = Rate { interval_millis: 2_000, burst: 5 };

/// The flag `SUPPRESS_NOTIFICATIONS` (<https://docs.discord.com/developers/resources/message#message-object-message-flags>).
const SILENT: u32 = 1 << 12;

/// Incoming webhooks, the only ones that messages can be posted to
/// (<https://docs.discord.com/developers/resources/webhook#webhook-object-webhook-types>).
const INCOMING: u8 = 1;

const LABEL_CHARS: usize = 80;

/// In the form that Discord asks for (<https://docs.discord.com/developers/reference#user-agent>).
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("DiscordBot (integrations, ", env!("CARGO_PKG_VERSION"), ")"));

/// Sends messages to Discord channels.
///
/// Whatever host a webhook's URL names, requests go to the server that the operator chose, so tenants decide nothing
/// about where they go.
#[derive(Debug, Clone)]
pub struct Discord {
    base_url: String,
}

impl Default for Discord {
    /// Talks to Discord itself.
    fn default() -> Self {
        Self { base_url: "https://discord.com/api/v10".to_owned() }
    }
}

impl Discord {
    /// Talks to a server that stands in for Discord. The URL ends before `/webhooks`.
    #[must_use]
    pub fn at(base_url: &Url) -> Self {
        Self { base_url: base_url.as_str().trim_end_matches('/').to_owned() }
    }

    fn url(&self, hook: &HookUrl, query: &str) -> Result<Url, DeliveryError> {
        Ok(format!("{}/webhooks/{}/{}{query}", self.base_url, hook.id(), hook.expose_token()).parse()?)
    }
}

impl Provider for Discord {
    const KIND: &'static str = "discord";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Discord",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["threadId"],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let hook = &target.secret.webhook_url;
        let request = HttpRequest::get(self.url(hook, "")?).header(USER_AGENT, AGENT);
        let answer = target.service.send(request).await.map_err(DeliveryError::repeatable)?;
        let found: Hook = answer::read(&answer, target.service.now).map_err(DeliveryError::repeatable)?;
        if found.kind != INCOMING {
            return Err(DeliveryError::new(
                FailureKind::Rejected,
                "this is no incoming webhook; make one for a channel",
            ));
        }
        let place = target.config.thread_id.map(|thread| format!("/{thread}")).unwrap_or_default();
        let lane = |rate| Lane { key: hook.id().to_string(), rate };
        Ok(Verified {
            config: target.config.clone(),
            details: found.details(hook),
            identity: format!("{}{place}", hook.id()),
            lanes: Lanes::new(lane(Some(HOOK_RATE)), lane(None)).one_by_one(),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let Config { thread_id, silent } = target.config;
        let thread = thread_id.map(|thread| format!("&thread_id={thread}")).unwrap_or_default();
        let url = self.url(&target.secret.webhook_url, &format!("?wait=true{thread}"))?;
        let body = json!({
            "embeds": [render(&message.notification())],
            "allowed_mentions": { "parse": [] },
            "flags": if *silent { SILENT } else { 0 },
        });
        let answer = target.service.send(HttpRequest::post_json(url, &body).header(USER_AGENT, AGENT)).await?;
        let sent: Sent = answer::read(&answer, target.service.now)?;
        Ok(Receipt { remote_id: Some(sent.id) })
    }
}

/// <https://docs.discord.com/developers/resources/webhook#webhook-object-webhook-structure>
#[derive(Deserialize)]
struct Hook {
    #[serde(rename = "type")]
    kind: u8,
    name: Option<String>,
    channel_id: Option<String>,
    guild_id: Option<String>,
}

impl Hook {
    fn details(&self, hook: &HookUrl) -> Value {
        let shown = |text: &Option<String>| text.as_deref().map(|text| text::short_line(text, LABEL_CHARS));
        json!({
            "webhookId": hook.id().to_string(),
            "webhookName": shown(&self.name),
            "channelId": shown(&self.channel_id),
            "guildId": shown(&self.guild_id),
        })
    }
}

/// The part of a sent message that is kept.
#[derive(Deserialize)]
struct Sent {
    id: String,
}
