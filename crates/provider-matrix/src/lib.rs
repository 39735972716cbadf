//! Matrix rooms as a provider.
#![doc = include_str!("../README.md")]

mod answer;
mod config;
mod homeserver;
mod render;

use integrations_core::{
    DeliveryError, Egress, EventType, FailureKind, Lane, Lanes, Message, Provider, Rate, Receipt,
    provider::{Description, Target, Verified},
    text,
};
use serde_json::json;

use homeserver::Homeserver;

pub use config::{AccessToken, Config, Room, Secret};
pub use render::{Rendered, render};

/// What Synapse takes from an account unless its operator decides otherwise
/// (<https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#rc_message>).
const ACCOUNT_RATE: Rate = Rate { interval_millis: 5_000, burst: 10 };

const LABEL_CHARS: usize = 255;

/// Sends messages into Matrix rooms.
#[derive(Debug, Clone, Copy, Default)]
pub struct Matrix;

impl Provider for Matrix {
    const KIND: &'static str = "matrix";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Matrix",
            event_types: EventType::ALL,
            setup: include_str!("setup.md"),
            destination_fields: &["homeserver", "roomId"],
            egress: Egress::Guarded,
        }
    }

    /// Asks who the account is and whether it is in the room. Never joins by itself.
    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        let Config { homeserver, room_id } = target.config;
        let server = at(target);
        let account = server.whoami().await?;
        let room = if room_id.is_alias() { server.resolve(room_id).await? } else { room_id.clone() };
        if !server.is_member(&room, &account.user_id).await? {
            let advice = "the account is not in the room; let it join first";
            return Err(DeliveryError::new(FailureKind::Gone, advice));
        }
        let name = server.room_name(&room).await?;
        let shown = |text: &str| text::short_line(text, LABEL_CHARS);
        let user = shown(&account.user_id);
        let identity = format!("{user}/{room}");
        Ok(Verified {
            details: json!({ "userId": user, "roomName": name.as_deref().map(shown) }),
            lanes: Lanes::new(Lane { key: identity.clone(), rate: None }, Lane { key: user, rate: Some(ACCOUNT_RATE) })
                .one_by_one(),
            identity,
            config: Config { homeserver: homeserver.clone(), room_id: room },
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let Rendered { plain, html } = render(&message.notification());
        let content = json!({
            "msgtype": "m.notice",
            "body": plain,
            "format": "org.matrix.custom.html",
            "formatted_body": html,
            "m.mentions": {},
        });
        let event_id = at(target).send(&target.config.room_id, &message.id, &content).await?;
        Ok(Receipt { remote_id: Some(event_id) })
    }
}

fn at<'a>(target: &Target<'a, Matrix>) -> Homeserver<'a> {
    Homeserver { url: &target.config.homeserver, token: &target.secret.access_token, service: target.service }
}
