//! Everything that Telegram is known to say when it does not take a message, and what is made of it.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use integrations_core::{FailureKind, HttpResponse, Reach};
use integrations_testkit::scripted_http::{ScriptedHttp, answer, with_header};
use serde_json::{Value, json};

use crate::bench::{calls, deliver, playing, refusal, says, sent};

fn config() -> Value {
    json!({ "chatId": "12345" })
}

/// Status, description, and the kind of failure it is.
const REFUSALS: &[(u16, &str, FailureKind)] = &[
    (400, "Bad Request: chat not found", FailureKind::Gone),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", FailureKind::Gone),
    (400, "Bad Request: message thread not found", FailureKind::Gone),
    (400, "Bad Request: TOPIC_CLOSED", FailureKind::Gone),
    (400, "Bad Request: TOPIC_DELETED", FailureKind::Gone),
    (400, "Bad Request: not enough rights to send text messages to the chat", FailureKind::Gone),
    (400, "Bad Request: need administrator rights in the channel chat", FailureKind::Gone),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", FailureKind::Gone),
    (400, "Bad Request: CHAT_RESTRICTED", FailureKind::Gone),
    (400, "Bad Request: have no write access to the chat", FailureKind::Gone),
    (400, "Bad Request: INPUT_USER_DEACTIVATED", FailureKind::Gone),
    (400, "Bad Request: USER_IS_BLOCKED", FailureKind::Gone),
    (400, "Bad Request: CHANNEL_PRIVATE", FailureKind::Gone),
    (400, "Bad Request: something new", FailureKind::Rejected),
    (401, "Unauthorized", FailureKind::Unauthorized),
    (401, "Unauthorized: invalid token specified", FailureKind::Unauthorized),
    (404, "Not Found", FailureKind::Unauthorized),
    (404, "Not Found: method not found", FailureKind::Misconfigured),
    (421, "Misdirected Request: invalid token", FailureKind::Unauthorized),
    (403, "Forbidden: bot was blocked by the user", FailureKind::Gone),
    (403, "Forbidden: bot can't initiate conversation with a user", FailureKind::Gone),
    (403, "Forbidden: user is deactivated", FailureKind::Gone),
    (403, "Forbidden: bot was kicked from the group chat", FailureKind::Gone),
    (403, "Forbidden: bot was kicked from the supergroup chat", FailureKind::Gone),
    (403, "Forbidden: bot is not a member of the channel chat", FailureKind::Gone),
    (403, "Forbidden: the group chat was deleted", FailureKind::Gone),
    (409, "Conflict: terminated by other getUpdates request", FailureKind::Rejected),
    (413, "Request Entity Too Large", FailureKind::Rejected),
    (408, "Request Timeout", FailureKind::Unavailable),
    (425, "Too Early", FailureKind::Unavailable),
    (429, "Too Many Requests: retry after 5", FailureKind::Throttled),
    (500, "Internal Server Error", FailureKind::Unavailable),
    (502, "Bad Gateway", FailureKind::Unavailable),
    (504, "Gateway Timeout", FailureKind::Unavailable),
];

#[test]
fn every_refusal_has_its_meaning() {
    for (status, description, kind) in REFUSALS {
        let http = playing(vec![refusal(*status, description)]);
        let error = deliver(&config(), &http).unwrap_err();
        assert_eq!(error.kind, *kind, "{description}");
        assert_eq!(error.http_status, Some(*status), "{description}");
        assert!(error.message.ends_with(&format!("(Telegram: {description})")), "{error}");
    }
}

#[test]
fn a_refusal_behind_a_200_is_a_refusal() {
    for (status, description, kind) in REFUSALS {
        let body = json!({ "ok": false, "error_code": status, "description": description });
        let error = deliver(&config(), &playing(vec![says(200, &body)])).unwrap_err();
        assert_eq!((error.kind, error.http_status), (*kind, Some(*status)), "{description}");
    }
}

#[test]
fn what_a_proxy_says_is_no_word_of_telegrams() {
    let cases = [
        (302, FailureKind::Misconfigured),
        (400, FailureKind::Unavailable),
        (401, FailureKind::Unavailable),
        (403, FailureKind::Unavailable),
        (404, FailureKind::Unavailable),
        (413, FailureKind::Unavailable),
        (429, FailureKind::Throttled),
        (502, FailureKind::Unavailable),
        (530, FailureKind::Unavailable),
    ];
    for (status, kind) in cases {
        for body in ["", "<html>", "{}", "{\"ok\":true,\"result\":{\"message_id\":7}}", "{\"ok\":\"no\"}"] {
            let error = deliver(&config(), &playing(vec![answer(status, body)])).unwrap_err();
            assert_eq!((error.kind, error.http_status), (kind, Some(status)));
            assert!(error.message.ends_with(&format!("(HTTP status {status})")), "{error}");
        }
    }
}

#[test]
fn a_redirect_says_what_to_configure() {
    let elsewhere = with_header(answer(301, ""), LOCATION, "https://elsewhere.example/");
    let error = deliver(&config(), &playing(vec![elsewhere])).unwrap_err();
    assert!(error.message.starts_with("the Bot API base URL answers with a redirect"), "{error}");
}

#[test]
fn the_wait_in_the_answer_counts_more_than_the_header() {
    let body = json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 2282",
        "parameters": { "retry_after": 2282 },
    });
    let error = deliver(&config(), &playing(vec![with_header(says(429, &body), RETRY_AFTER, "7")])).unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(2282)));
    assert_eq!(error.reach, Reach::Destination);
    let error = deliver(&config(), &playing(vec![with_header(answer(429, ""), RETRY_AFTER, "7")])).unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
}

const MARKUP: &str = "Bad Request: can't parse entities: Unsupported start tag \"p\" at byte offset 3";
const EMPTY: &str = "Bad Request: text must be non-empty";
const TOO_LONG: &str = "Bad Request: message is too long";
const BUTTON: &str = "Bad Request: inline keyboard button URL 'https://mail.example/' is invalid: Wrong HTTP URL";

/// The forms in which a message was sent: markup, plain or short, with a button or without.
fn forms(http: &ScriptedHttp) -> Vec<String> {
    let form = |(_, sent): &(String, Value)| {
        let text = if sent.get("parse_mode").is_some() { "html" } else { "plain" };
        let button = if sent.get("reply_markup").is_some() { " with button" } else { "" };
        format!("{text}{button}")
    };
    calls(http).iter().map(form).collect()
}

fn delivered_after(faults: &[&str]) -> Vec<String> {
    let refusals = faults.iter().map(|fault| refusal(400, fault));
    let http = playing(refusals.chain([sent()]).collect());
    deliver(&config(), &http).unwrap();
    forms(&http)
}

#[test]
fn what_telegram_finds_fault_with_is_sent_once_more_without_it() {
    assert_eq!(delivered_after(&[MARKUP]), ["html with button", "plain with button"]);
    assert_eq!(delivered_after(&[EMPTY]), ["html with button", "plain with button"]);
    assert_eq!(delivered_after(&[TOO_LONG]), ["html with button", "plain with button"]);
    for fault in [BUTTON, "Bad Request: BUTTON_URL_INVALID", "Bad Request: BUTTON_TYPE_INVALID"] {
        assert_eq!(delivered_after(&[fault]), ["html with button", "html"]);
    }
    let all = delivered_after(&[BUTTON, MARKUP, TOO_LONG]);
    assert_eq!(all, ["html with button", "html", "plain", "plain"]);
}

#[test]
fn each_fault_is_remedied_at_most_once() {
    for (fault, calls) in [(MARKUP, 2), (EMPTY, 2), (TOO_LONG, 2), (BUTTON, 2)] {
        let http = ScriptedHttp::always(Ok(refusal(400, fault)));
        let error = deliver(&config(), &http).unwrap_err();
        assert_eq!((error.kind, http.requests().len()), (FailureKind::Rejected, calls), "{fault}");
    }
    let refusals: Vec<HttpResponse> = [TOO_LONG, BUTTON, MARKUP].map(|fault| refusal(400, fault)).into();
    let http = playing(refusals);
    assert_eq!(deliver(&config(), &http).unwrap_err().kind, FailureKind::Rejected);
    assert_eq!(forms(&http), ["html with button", "plain with button", "plain"]);
}

#[test]
fn the_second_form_of_a_message_meets_the_same_judgement() {
    let http = playing(vec![refusal(400, MARKUP), refusal(403, "Forbidden: bot was blocked by the user")]);
    assert_eq!(deliver(&config(), &http).unwrap_err().kind, FailureKind::Gone);
}
