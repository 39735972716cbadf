//! Telegram as a provider: configuration, calls, rendering and the reading of its errors.
//!
//! ```
//! use integrations_core::Registry;
//! use provider_telegram::Telegram;
//!
//! let registry = Registry::new().with(Telegram::new(Telegram::PUBLIC_API.parse()?));
//! assert!(registry.get("telegram").is_some());
//! # Ok::<_, url::ParseError>(())
//! ```

mod answer;
mod bot;
mod chat;
mod config;
mod draft;
mod render;
mod targets;
mod verify;

use integrations_core::{
    DeliveryError, Egress, EventType, Message, Provider, Receipt,
    provider::{Description, Place, Service, Target, Verified},
};
use serde::Deserialize;
use url::Url;

pub use chat::{ChatId, TopicId};
pub use config::{BotToken, Config, Secret};
pub use render::{MAX_TEXT_CHARS, render_html, render_plain};

use answer::Remedy;
use bot::Bot;
use draft::Draft;

/// Sends messages to Telegram chats through bots.
///
/// Telegram does not say whether a 429 is about the chat or about the bot as a whole, so the wait is kept for the
/// chat. That the bot as a whole stays below its limit is the work of the rate in its lane.
#[derive(Clone)]
pub struct Telegram {
    base_url: Url,
}

impl Telegram {
    /// The base URL of Telegram's own server.
    pub const PUBLIC_API: &'static str = "https://api.telegram.org";

    /// Talks to the Bot API server at `base_url`: Telegram's own, or one that the operator runs.
    #[must_use]
    pub fn new(base_url: Url) -> Self {
        Self { base_url }
    }

    fn bot<'a>(&'a self, secret: &'a Secret, service: Service<'a>) -> Bot<'a> {
        Bot { base_url: &self.base_url, token: &secret.bot_token, service }
    }

    /// The error that tells that the chat is now known under another number. What else changed with it, the kind of
    /// chat and its limits, is asked for anew.
    async fn moved(&self, target: &Target<'_, Self>, number: i64) -> DeliveryError {
        let config = Config { chat_id: ChatId::Number(number), ..target.config.clone() };
        let verified = self.verify(&Target { config: &config, ..*target }).await;
        match verified.and_then(Verified::into_connection) {
            Ok(connection) => DeliveryError::moved(connection, "the group became a supergroup with a new chat id"),
            Err(error) => error,
        }
    }
}

impl Provider for Telegram {
    const KIND: &'static str = "telegram";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Telegram",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["chatId"],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        verify::verify(&self.bot(target.secret, target.service), target).await
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let bot = self.bot(target.secret, target.service);
        let mut draft = Draft::new(target.config, message.notification());
        loop {
            let refused = match bot.call::<Sent>("sendMessage", &draft.parameters()).await {
                Ok(sent) => return Ok(Receipt { remote_id: Some(sent.message_id.to_string()) }),
                Err(refused) => refused,
            };
            match refused.remedy {
                Some(Remedy::NewChat(number)) => return Err(self.moved(target, number).await),
                Some(remedy) if draft.remedied(remedy) => {}
                _ => return Err(refused.error),
            }
        }
    }

    async fn targets(&self, secret: &Secret, service: &Service<'_>) -> Result<Vec<Place>, DeliveryError> {
        targets::targets(&self.bot(secret, *service)).await
    }
}

/// The part of a sent message that is kept.
#[derive(Deserialize)]
struct Sent {
    message_id: i64,
}
