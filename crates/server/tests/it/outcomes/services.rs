//! What each service answers, and what must come of it.

use integrations_core::{
    IntegrationStatus::{self, Disabled, Paused},
    Reach::{self, Credential, Destination, Provider},
};
use integrations_testkit::loopback::Then;
use serde_json::{Value, json};

const HOUR: u64 = 3_600;
const HOUR_HEADER: &str = "Retry-After: 3600\r\n";

/// A service, how to connect to it, and its answers.
pub(super) struct Service {
    pub(super) kind: &'static str,
    /// The settings for one of its accounts and one of its places.
    pub(super) config: fn(account: u8, place: u8) -> Value,
    pub(super) rows: Vec<(Answer, Outcome)>,
}

/// What must come of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// Everything within reach waits for so many seconds.
    Waits(Reach, u64),
    /// The integration is stopped, and what it has to deliver is held.
    Stops(IntegrationStatus),
    /// The message is sent again, to the place with that number.
    Moves(u8),
    /// The message is sent again after the ordinary delay.
    Retries,
    /// The message is sent once more after a longer wait, and fails if no answer comes again.
    Unconfirmed,
    /// The message fails, and the next one is delivered.
    Fails,
}

/// The bytes of an answer, and what happens to the connection after them.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

fn said(status: u16, headers: &str, body: &str) -> Answer {
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    Answer { bytes: [head, body.to_owned()].concat().into_bytes(), then: Then::Keep }
}

/// No answer: the connection is reset once the request is there.
pub(super) fn lost() -> Answer {
    Answer { bytes: Vec::new(), then: Then::Reset }
}

/// A success of every call of every provider, by the account, or about the place, of that number.
pub(super) fn fine(number: u8) -> Answer {
    let id = telegram_id(number);
    let body = json!({
        "ok": true, "membership": "join", "name": "Room", "event_id": "$event", "id": "1194285672123039744", "type": 1,
        "team": "Team", "team_id": "T024BE7LD", "user": "mail", "user_id": format!("@mail{number}:example.org"),
        "ts": "1767259801.000100", "username": format!("phil{number}"), "role": "user",
        "result": { "id": id, "is_bot": true, "username": "mail_bot", "type": "private", "message_id": 7 },
    });
    said(200, "Content-Type: application/json\r\n", &body.to_string())
}

pub(super) fn telegram_id(number: u8) -> u32 {
    987_654_300 + u32::from(number)
}

pub(super) fn telegram() -> Service {
    let refused = |status: u16, description: &str, parameters: Value| {
        let body = json!({ "ok": false, "error_code": status, "description": description, "parameters": parameters });
        (status, body.to_string())
    };
    let row = |(status, body): (u16, String), outcome| (said(status, "", &body), outcome);
    let moved = json!({ "migrate_to_chat_id": telegram_id(9) });
    Service {
        kind: "telegram",
        config: |account, place| {
            let token = format!("{}:AAcanaryTelegramQz7Qz7Qz7Qz7Qz7Qz7x", telegram_id(account));
            json!({ "botToken": token, "chatId": telegram_id(place).to_string() })
        },
        rows: vec![
            row(refused(429, "Too Many Requests", json!({ "retry_after": HOUR })), Outcome::Waits(Destination, HOUR)),
            row(refused(403, "Forbidden: bot was blocked by the user", json!({})), Outcome::Stops(Paused)),
            row(refused(401, "Unauthorized", json!({})), Outcome::Stops(Disabled)),
            row(refused(400, "Bad Request: group chat was upgraded to a supergroup chat", moved), Outcome::Moves(9)),
            row(refused(500, "Internal Server Error", json!({})), Outcome::Retries),
            row(refused(400, "Bad Request: something", json!({})), Outcome::Fails),
            (lost(), Outcome::Unconfirmed),
        ],
    }
}

pub(super) fn webhook() -> Service {
    Service {
        kind: "webhook",
        config: |account, place| {
            let url = format!("https://hook{account}.example.org/{place}");
            json!({ "url": url, "signingSecret": "whsec_Y2FuYXJ5IG9mIHRoZSB3ZWJob29rIHByb3ZpZGVyISE=" })
        },
        rows: vec![
            (said(429, HOUR_HEADER, ""), Outcome::Waits(Destination, HOUR)),
            (said(410, "", ""), Outcome::Stops(Paused)),
            (said(401, "", ""), Outcome::Stops(Disabled)),
            (said(503, "", ""), Outcome::Retries),
            (said(400, "", ""), Outcome::Fails),
            // Receivers know repeats by their `webhook-id`.
            (lost(), Outcome::Retries),
        ],
    }
}

pub(super) fn discord() -> Service {
    let refused = |status, code: u32| said(status, "", &json!({ "message": "No", "code": code }).to_string());
    let limited = |is_global: bool| {
        let body = json!({ "message": "You are being rate limited.", "retry_after": 3600.0, "global": is_global });
        said(429, "", &body.to_string())
    };
    Service {
        kind: "discord",
        config: |account, place| {
            let token = "Qz7".repeat(21);
            json!({ "webhookUrl": format!("https://discord.com/api/webhooks/119428567212303{account}{place}/{token}xyz12") })
        },
        rows: vec![
            (limited(false), Outcome::Waits(Destination, HOUR)),
            (limited(true), Outcome::Waits(Provider, HOUR)),
            // What stands before Discord blocks addresses as a whole.
            (said(429, HOUR_HEADER, "<html>"), Outcome::Waits(Provider, HOUR)),
            (refused(404, 10_015), Outcome::Stops(Paused)),
            (refused(401, 50_027), Outcome::Stops(Disabled)),
            (refused(503, 0), Outcome::Retries),
            (refused(400, 50_006), Outcome::Fails),
            (lost(), Outcome::Unconfirmed),
        ],
    }
}

pub(super) fn slack() -> Service {
    // Slack says with the status 200 what it refuses.
    let refused = |error: &str| said(200, "", &json!({ "ok": false, "error": error }).to_string());
    Service {
        kind: "slack",
        config: |account, place| {
            let token = format!("xoxb-12345678901{account}-1234567890123-CanarySlackBotQz7Qz7Qz7x");
            json!({ "botToken": token, "channel": format!("C024BE91{place}") })
        },
        rows: vec![
            (said(429, HOUR_HEADER, ""), Outcome::Waits(Destination, HOUR)),
            (refused("channel_not_found"), Outcome::Stops(Paused)),
            (refused("token_revoked"), Outcome::Stops(Disabled)),
            (said(503, "", ""), Outcome::Retries),
            (refused("msg_too_long"), Outcome::Fails),
            (lost(), Outcome::Unconfirmed),
        ],
    }
}

pub(super) fn ntfy() -> Service {
    let refused = |headers, code: u32| {
        let status = u16::try_from(code / 100).unwrap();
        said(status, headers, &json!({ "code": code, "http": status, "error": "no" }).to_string())
    };
    Service {
        kind: "ntfy",
        config: |account, place| {
            let token = format!("tk_canaryntfyqz7qz7qz7qz7qz7qz7{account}");
            json!({ "server": "https://ntfy.example.org", "topic": format!("mail{place}"), "accessToken": token })
        },
        rows: vec![
            (refused(HOUR_HEADER, 42_901), Outcome::Waits(Credential, HOUR)),
            // The day's quota. The test begins at midnight.
            (refused("", 42_908), Outcome::Waits(Credential, 24 * HOUR)),
            (said(410, "", ""), Outcome::Stops(Paused)),
            (refused("", 40_101), Outcome::Stops(Disabled)),
            (refused("", 50_001), Outcome::Retries),
            (refused("", 40_001), Outcome::Fails),
            (lost(), Outcome::Unconfirmed),
        ],
    }
}

pub(super) fn matrix() -> Service {
    let refused = |status, errcode: &str, wait: Option<u64>| {
        said(status, "", &json!({ "errcode": errcode, "error": "No", "retry_after_ms": wait }).to_string())
    };
    Service {
        kind: "matrix",
        config: |account, place| {
            json!({
                "homeserver": "https://matrix.example.org",
                "roomId": format!("!room{place}:example.org"),
                "accessToken": format!("syt_bWFpbA_canaryMatrixQz7Qz7Qz7{account}_3b2UTE"),
            })
        },
        rows: vec![
            (refused(429, "M_LIMIT_EXCEEDED", Some(HOUR * 1_000)), Outcome::Waits(Credential, HOUR)),
            (refused(403, "M_FORBIDDEN", None), Outcome::Stops(Paused)),
            (refused(401, "M_UNKNOWN_TOKEN", None), Outcome::Stops(Disabled)),
            (refused(503, "M_UNKNOWN", None), Outcome::Retries),
            (refused(400, "M_BAD_JSON", None), Outcome::Fails),
            // A homeserver knows repeats by their transaction.
            (lost(), Outcome::Retries),
        ],
    }
}
