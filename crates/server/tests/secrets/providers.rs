//! Every provider with settings that it accepts, and what must not appear of them.

use serde_json::{Value, json};

/// One way to connect.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) config: Value,
    /// A field that takes a secret.
    pub(crate) field: &'static str,
    /// The part of the secret that nobody could guess.
    pub(crate) canary: String,
    /// What this service says when all is well, where it differs from the others.
    pub(crate) fine: Option<&'static str>,
}

impl Case {
    /// What the service knows of the secret: all of it, and what stands by itself in its URL.
    pub(crate) fn known(&self) -> Vec<String> {
        let secret = self.config[self.field].as_str().unwrap();
        let parts = secret.rsplit(['/', ':']).take(1);
        parts.chain([secret]).map(str::to_owned).collect()
    }
}

fn case(name: &'static str, kind: &'static str, field: &'static str, canary: &str, secret: &str, rest: Value) -> Case {
    let mut config = rest;
    config[field] = secret.replace("{}", canary).into();
    Case { name, kind, config, field, canary: canary.to_owned(), fine: None }
}

/// All six providers of the server, each way of theirs, and the example.
pub(crate) fn cases() -> Vec<Case> {
    [slack_and_its_kin(), others()].into_iter().flatten().collect()
}

fn slack_and_its_kin() -> Vec<Case> {
    let mattermost = json!({ "service": "mattermost" });
    let rocket = json!({ "service": "rocketchat" });
    vec![
        Case {
            fine: Some("ok"),
            ..case(
                "slack-webhook",
                "slack",
                "webhookUrl",
                "CanarySlackQz7Qz7Qz7Qz7x",
                "https://hooks.slack.com/services/T00000000/B00000000/{}",
                json!({}),
            )
        },
        case(
            "slack-bot",
            "slack",
            "botToken",
            "CanarySlackBotQz7Qz7Qz7x",
            "xoxb-123456789012-1234567890123-{}",
            json!({ "channel": "C024BE91L" }),
        ),
        Case {
            fine: Some("ok"),
            ..case(
                "mattermost",
                "slack",
                "webhookUrl",
                "canarymattermostqz7qz7qz7x",
                "https://chat.example.org/hooks/{}",
                mattermost,
            )
        },
        case(
            "rocketchat",
            "slack",
            "webhookUrl",
            "canaryRocketQz7Qz7Qz7Qz7Qz7x",
            "https://rocket.example.org/hooks/65a/{}",
            rocket,
        ),
    ]
}

fn others() -> Vec<Case> {
    let discord = format!("Canary{}", "Qz7".repeat(20) + "xy");
    let previous = "whsec_Y2FuYXJ5IHByZXZpb3VzIGtleSBvZiB0aGUgdGVzdCE=";
    vec![
        case(
            "telegram",
            "telegram",
            "botToken",
            "AAcanaryTelegramQz7Qz7Qz7Qz7Qz7Qz7x",
            "987654321:{}",
            json!({ "chatId": "987654321" }),
        ),
        case(
            "discord",
            "discord",
            "webhookUrl",
            &discord,
            "https://discord.com/api/webhooks/1194285672123039744/{}",
            json!({}),
        ),
        case(
            "ntfy",
            "ntfy",
            "accessToken",
            "canaryntfyqz7qz7qz7qz7qz7qz7x",
            "tk_{}",
            json!({ "server": "https://ntfy.example.org", "topic": "mail" }),
        ),
        case(
            "matrix",
            "matrix",
            "accessToken",
            "canaryMatrixQz7Qz7Qz7x",
            "syt_bWFpbA_{}_3b2UTE",
            json!({ "homeserver": "https://matrix.example.org", "roomId": "!room:example.org" }),
        ),
        case(
            "webhook",
            "webhook",
            "signingSecret",
            "Y2FuYXJ5IG9mIHRoZSB3ZWJob29rIHByb3ZpZGVyISE",
            "whsec_{}=",
            json!({ "url": "https://hook.example.org/mail", "previousSigningSecret": previous }),
        ),
        case(
            "pushover",
            "pushover",
            "apiToken",
            "canaryPushoverQz7Qz7Qz7Qz7Qz7x",
            "{}",
            json!({ "userKey": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG" }),
        ),
    ]
}
