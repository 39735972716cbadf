//! What a service can answer, with the caller's secret in every part of it.

use integrations_testkit::loopback::Then;
use serde_json::{Value, json};

use crate::{needles, providers::Case};

/// The bytes of an answer, and what happens to the connection after them.
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

fn answer(status: u16, headers: &str, body: &str) -> Answer {
    let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    Answer { bytes: [head.as_bytes(), body.as_bytes()].concat(), then: Then::Keep }
}

/// One answer that every call of every provider takes for success.
pub(crate) fn everything_is_fine(case: &Case) -> Answer {
    answer(200, "Content-Type: application/json\r\n", &case.fine.map_or_else(|| fine().to_string(), str::to_owned))
}

fn fine() -> Value {
    let chat = json!({ "id": 987_654_321, "type": "private", "first_name": "Ada" });
    json!({
        "ok": true, "success": true, "status": 1, "request": "r-1",
        "user_id": "@mail:example.org", "membership": "join", "name": "Room", "event_id": "$event",
        "id": "1194285672123039744", "type": 1, "channel_id": "199737254929760256", "application_id": null,
        "url": "https://team.slack.com/", "team": "Team", "user": "mail", "team_id": "T024BE7LD",
        "bot_id": "B12345678", "channel": "C024BE91L", "ts": "1767259801.000100",
        "username": "phil", "role": "user", "event": "message", "topic": "mail", "time": 1_767_259_801,
        "result": {
            "id": 987_654_321, "is_bot": true, "first_name": "Ada", "username": "mail_bot", "type": "private",
            "message_id": 7, "date": 1, "chat": chat,
        },
    })
}

/// Every kind of answer once. What makes a service wait comes last.
pub(crate) fn answers(case: &Case) -> Vec<Answer> {
    let canary = &case.canary;
    let said = case.known().iter().flat_map(|secret| needles(secret)).collect::<Vec<_>>().join(" ");
    let header = format!("Content-Type: application/json\r\nX-Said: {canary}\r\n");
    let refusal = |status: u16| {
        let body = json!({
            "ok": false, "success": false, "status": 0, "errcode": "M_UNKNOWN", "error_code": status, "code": 0,
            "error": said, "message": said, "description": said, "errors": [said], "detail": said,
        });
        answer(status, &header, &body.to_string())
    };
    let success = json!({
        "ok": true, "success": true, "status": 1, "request": said, "event_id": said, "id": said, "ts": said,
        "result": { "message_id": said, "description": said },
    });
    let mut all: Vec<_> = [400, 401, 403, 404, 410, 413, 500, 503].map(refusal).into();
    all.extend([200, 400, 401, 502].map(|status| answer(status, &header, &said)));
    all.push(answer(302, &format!("Location: https://127.0.0.1:9/{canary}\r\n"), ""));
    all.push(answer(200, &header, &success.to_string()));
    all.push(Answer { bytes: said.clone().into_bytes(), then: Then::Close });
    all.push(Answer { bytes: Vec::new(), then: Then::Reset });
    all.push(refusal(429));
    all
}
