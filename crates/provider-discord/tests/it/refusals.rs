//! Everything that Discord is known to say when it does not take a message, and what is made of it.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use integrations_core::{DeliveryError, FailureKind, HttpResponse, Reach};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, answer, with_header},
};
use serde_json::{Value, json};

use crate::bench::{TOKEN, deliver, refusal, says};

fn met_with(answer: HttpResponse) -> DeliveryError {
    deliver(&json!({}), sample::mail(), &ScriptedHttp::always(Ok(answer))).unwrap_err()
}

#[test]
fn every_refusal_has_its_meaning() {
    let refusals = [
        (400, 0, "400: Bad Request", FailureKind::Rejected),
        (400, 50_006, "Cannot send an empty message", FailureKind::Rejected),
        (400, 50_035, "Invalid Form Body", FailureKind::Rejected),
        (400, 220_001, "Webhooks posted to forum channels must have a thread_name or thread_id", FailureKind::Gone),
        (400, 50_083, "Thread is archived", FailureKind::Gone),
        (400, 160_005, "Thread is locked", FailureKind::Gone),
        (400, 10_003, "Unknown Channel", FailureKind::Gone),
        (404, 10_003, "Unknown Channel", FailureKind::Gone),
        (404, 10_015, "Unknown Webhook", FailureKind::Gone),
        (404, 0, "404: Not Found", FailureKind::Gone),
        (401, 50_027, "Invalid Webhook Token", FailureKind::Unauthorized),
        (401, 0, "401: Unauthorized", FailureKind::Unauthorized),
        (403, 50_013, "Missing Permissions", FailureKind::Gone),
        (403, 40_333, "internal network error", FailureKind::Unavailable),
        (400, 40_004, "Send messages has been temporarily disabled", FailureKind::Unavailable),
        (400, 40_006, "This feature has been temporarily disabled server-side", FailureKind::Unavailable),
        (400, 130_000, "API resource is currently overloaded. Try again a little later", FailureKind::Unavailable),
        (400, 40_058, "Cannot send a message in a forum channel", FailureKind::Gone),
        (400, 240_000, "Message blocked by harmful links filter", FailureKind::Rejected),
        (405, 0, "405: Method Not Allowed", FailureKind::Rejected),
        (413, 40_005, "Request entity too large", FailureKind::Rejected),
        (
            429,
            20_028,
            "The write action you are performing on the channel has hit the write rate limit",
            FailureKind::Throttled,
        ),
        (500, 0, "500: Internal Server Error", FailureKind::Unavailable),
        (503, 0, "upstream connect error", FailureKind::Unavailable),
    ];
    for (status, code, message, kind) in refusals {
        let error = met_with(refusal(status, code, message));
        assert_eq!((error.kind, error.http_status), (kind, Some(status)), "{message}");
        assert!(error.message.ends_with(&format!("(HTTP status {status}) (Discord: {message})")), "{error}");
    }
}

#[test]
fn what_stands_before_discord_speaks_for_itself() {
    let cases = [
        (302, FailureKind::Misconfigured, Reach::Destination),
        (400, FailureKind::Unavailable, Reach::Destination),
        (403, FailureKind::Unavailable, Reach::Destination),
        (404, FailureKind::Unavailable, Reach::Destination),
        (429, FailureKind::Throttled, Reach::Provider),
        (502, FailureKind::Unavailable, Reach::Destination),
    ];
    for (status, kind, reach) in cases {
        for body in ["", "<html>error code: 1015", "{}", "[]"] {
            let error = met_with(with_header(answer(status, body), LOCATION, "https://elsewhere.example/"));
            assert_eq!((error.kind, error.reach, error.http_status), (kind, reach, Some(status)), "{body}");
        }
    }
}

fn limited(body: &Value) -> DeliveryError {
    met_with(with_header(says(429, body), RETRY_AFTER, "65"))
}

#[test]
fn waits_are_kept_as_exactly_as_they_are_given() {
    let message = "You are being rate limited.";
    let error = limited(&json!({ "message": message, "retry_after": 64.57, "global": false }));
    assert_eq!((error.retry_after, error.reach), (Some(Duration::from_millis(64_570)), Reach::Destination));
    let error = limited(&json!({ "message": message, "retry_after": 1, "global": true }));
    assert_eq!((error.retry_after, error.reach), (Some(Duration::from_secs(1)), Reach::Provider));
    for odd in [json!(-1), json!(1e300), json!(null)] {
        let error = limited(&json!({ "message": message, "retry_after": odd }));
        assert_eq!((error.kind, error.retry_after), (FailureKind::Throttled, Some(Duration::from_secs(65))), "{odd}");
    }
}

#[test]
fn an_echoed_token_is_not_shown() {
    let error = met_with(refusal(400, 0, &format!("no such path: /webhooks/1/{TOKEN}")));
    assert!(error.message.contains("[redacted]") && !error.message.contains(TOKEN), "{error}");
}
