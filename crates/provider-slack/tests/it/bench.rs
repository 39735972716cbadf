//! The ways to a channel: their settings, the answers of their services, and calls with them.

use integrations_core::{
    Connection, DeliveryError, DynProvider, HttpClient, HttpResponse, Message, Receipt,
    provider::{Content, Service},
};
use integrations_testkit::{sample, scripted_http::answer, suite::block_on};
use provider_slack::Slack;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    SlackWebhook,
    SlackBot,
    Mattermost,
    RocketChat,
}

impl Via {
    pub(crate) const ALL: [Self; 4] = [Self::SlackWebhook, Self::SlackBot, Self::Mattermost, Self::RocketChat];

    pub(crate) fn config(self) -> Value {
        match self {
            Self::SlackWebhook => json!({ "service": "slack" }),
            Self::SlackBot => json!({ "service": "slack", "channel": "C024BE91L" }),
            Self::Mattermost => json!({ "service": "mattermost" }),
            Self::RocketChat => json!({ "service": "rocketchat" }),
        }
    }

    pub(crate) fn secret(self) -> Value {
        match self {
            Self::SlackWebhook => {
                json!({ "webhookUrl": "https://hooks.slack.com/services/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" })
            }
            Self::SlackBot => json!({ "botToken": TOKEN }),
            Self::Mattermost => json!({ "webhookUrl": "https://chat.example/hooks/9kq7tz3mxbf4dxyu6ejw8qk4ne" }),
            Self::RocketChat => {
                json!({ "webhookUrl": "https://rocket.example/hooks/65a1f0c2d3e4b5a697886756/Zx9Kq7Tz3MxBf4DxYu6EjW8Q" })
            }
        }
    }

    pub(crate) fn delivered(self) -> HttpResponse {
        match self {
            Self::SlackWebhook | Self::Mattermost => answer(200, "ok"),
            Self::SlackBot => says(200, &json!({ "ok": true, "channel": "C024BE91L", "ts": "1767259801.000100" })),
            Self::RocketChat => says(200, &json!({ "success": true })),
        }
    }

    pub(crate) fn verified(self) -> Vec<HttpResponse> {
        let account = json!({
            "ok": true, "url": "https://team.slack.com/", "team": "Team\u{202e} <1>", "user": "mail",
            "team_id": "T024BE7LD", "user_id": "W12345678", "bot_id": "B12345678",
        });
        if self == Self::SlackBot { vec![says(200, &account)] } else { Vec::new() }
    }

    pub(crate) fn refusal(self, status: u16, name: &str) -> HttpResponse {
        match self {
            Self::SlackWebhook => answer(status, name.to_owned()),
            Self::SlackBot => says(status, &json!({ "ok": false, "error": name })),
            Self::Mattermost => says(status, &json!({ "id": name, "message": name, "status_code": status })),
            Self::RocketChat => says(status, &json!({ "success": false, "error": name })),
        }
    }
}

pub(crate) fn says(status: u16, body: &Value) -> HttpResponse {
    answer(status, body.to_string())
}

pub(crate) fn verify(config: &Value, secret: &Value, http: &dyn HttpClient) -> Result<Connection, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::verify(&Slack, config, &secret.to_string().into_bytes().into(), service))
}

/// Delivers a mail with a link to it.
pub(crate) fn deliver(via: Via, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let event = sample::event(sample::mail());
    let open_url = Some("https://mail.example/inbox?a=1&b=2".parse().unwrap());
    let message = Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url };
    let service = Service { http, now: sample::morning() };
    let secret = via.secret().to_string().into_bytes().into();
    block_on(DynProvider::deliver(&Slack, &via.config(), &secret, &message, service))
}
