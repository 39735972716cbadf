//! What is sent, as the specification's own library verifies it.

use integrations_core::{HttpRequest, Message};
use integrations_testkit::{sample, scripted_http::body};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bench::{KEY, OLD_KEY, URL, message, posted};

const OTHER_KEY: &str = "whsec_c29tZWJvZHkgZWxzZSdzIGtleSwgbm90IG91cnM=";

#[expect(clippy::disallowed_methods, reason = "the library refuses signatures that are not of now")]
fn posted_now(secret: &Value, message: &Message<'_>) -> HttpRequest {
    posted(&json!({ "url": URL }), secret, message, Timestamp::now())
}

fn verifies(key: &str, request: &HttpRequest) -> bool {
    standardwebhooks::Webhook::new(key).unwrap().verify(body(request), &request.headers).is_ok()
}

/// Which of the keys the receiver can hold.
fn accepted_keys(secret: &Value) -> Vec<&'static str> {
    let event = sample::event(sample::mail());
    let request = posted_now(secret, &message(&event));
    [KEY, OLD_KEY, OTHER_KEY].into_iter().filter(|key| verifies(key, &request)).collect()
}

#[test]
fn the_reference_library_accepts_the_signature() {
    assert_eq!(accepted_keys(&json!({ "signingSecret": KEY })), [KEY]);
}

#[test]
fn both_keys_are_good_while_one_replaces_the_other() {
    assert_eq!(accepted_keys(&json!({ "signingSecret": KEY, "previousSigningSecret": OLD_KEY })), [KEY, OLD_KEY]);
    assert_eq!(accepted_keys(&json!({ "signingSecret": KEY, "previousSigningSecret": null })), [KEY]);
}

#[test]
fn hostile_text_is_signed_as_it_is_sent() {
    for text in sample::hostile_texts() {
        let event = sample::event(sample::mail_full_of(&text));
        for message in [message(&event), Message::test("test-1".to_owned(), &text)] {
            assert!(verifies(KEY, &posted_now(&json!({ "signingSecret": KEY }), &message)), "{text:.40?}");
        }
    }
}

#[test]
fn the_headers_say_which_message_and_when() {
    let event = sample::event(sample::mail());
    let secret = json!({ "signingSecret": KEY });
    let request = posted(&json!({ "url": URL }), &secret, &message(&event), sample::morning());
    let header = |name| request.headers[name].to_str().unwrap();
    assert_eq!(request.url.as_str(), URL);
    assert_eq!(header("webhook-id"), "dsp_1");
    assert_eq!(header("webhook-timestamp"), sample::morning().as_second().to_string());
    assert_eq!(header("content-type"), "application/json");
}
