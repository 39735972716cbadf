//! Slack, Mattermost and Rocket.Chat as a provider.
#![doc = include_str!("../README.md")]

mod answer;
mod config;
mod render;
mod way;

use integrations_core::{
    DeliveryError, Egress, EventType, Lane, Lanes, Message, Provider, Rate, Receipt,
    provider::{Description, Target, Verified},
    text,
};
use serde_json::json;

use way::{Bot, Way, Webhook};

pub use config::{BotToken, Channel, Chat, Config, Secret};
pub use render::{MAX_TEXT, render};

/// One message a second to a channel, and now and then some more
/// (<https://docs.slack.dev/apis/web-api/rate-limits>).
const CHANNEL_RATE: Rate = Rate { interval_millis: 1_000, burst: 3 };

/// Unless its administrator says otherwise, Rocket.Chat takes ten messages a minute: two at once and eight one by one
/// (`API_Enable_Rate_Limiter_Limit_Calls_Default` in
/// <https://github.com/RocketChat/Rocket.Chat/tree/develop/apps/meteor/server/settings>).
const ROCKET_CHAT_RATE: Rate = Rate { interval_millis: 7_500, burst: 2 };

const LABEL_CHARS: usize = 80;

/// Posts messages to channels of Slack, and of chat servers that take its webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

impl Provider for Slack {
    const KIND: &'static str = "slack";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Slack, Mattermost, Rocket.Chat",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["service", "channel"],
            egress: Egress::Guarded,
        }
    }

    /// Asks whose the token of a bot is. A webhook cannot be asked without posting to it.
    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let config = target.config.clone();
        match Way::of(target.config, target.secret)? {
            Way::Webhook(hook) => Ok(Self::verified_webhook(config, &hook)),
            Way::Bot(bot) => Self::verified_bot(config, &bot, target).await,
        }
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let body = json!({
            "text": render(&message.notification(), target.config.service),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        let remote_id = match Way::of(target.config, target.secret)? {
            Way::Webhook(hook) => {
                hook.post(&body, target.service).await?;
                None
            }
            Way::Bot(bot) => Some(bot.post(body, target.service).await?.ts),
        };
        Ok(Receipt { remote_id })
    }
}

impl Slack {
    fn verified_webhook(config: Config, hook: &Webhook<'_>) -> Verified<Config> {
        let identity = hook.identity();
        let lane = |rate| Lane { key: identity.clone(), rate };
        let rate = if config.service == Chat::RocketChat { ROCKET_CHAT_RATE } else { CHANNEL_RATE };
        Verified {
            config,
            details: json!({ "host": hook.url.host() }),
            lanes: Lanes::new(lane(Some(rate)), lane(None)).one_by_one(),
            identity,
        }
    }

    async fn verified_bot(
        config: Config,
        bot: &Bot<'_>,
        target: &Target<'_, Self>,
    ) -> Result<Verified<Config>, DeliveryError> {
        let account = bot.whoami(target.service).await?;
        let shown = |text: &str| text::short_line(text, LABEL_CHARS);
        let (team, user) = (shown(&account.team_id), shown(&account.user_id));
        let identity = format!("{team}/{user}/{}", bot.channel);
        Ok(Verified {
            config,
            details: json!({ "team": shown(&account.team), "botUser": shown(&account.user) }),
            lanes: Lanes::new(
                Lane { key: identity.clone(), rate: Some(CHANNEL_RATE) },
                Lane { key: format!("{team}/{user}"), rate: None },
            )
            .one_by_one(),
            identity,
        })
    }
}
