//! What receivers read.

use integrations_core::{DynProvider as _, Message, text::is_deceptive};
use integrations_testkit::sample;
use provider_webhook::Webhook;
use serde_json::Value;

use crate::bench::{message, posted_json};

#[test]
fn hostile_mails_stay_small_and_clean() {
    let texts = sample::hostile_texts().into_iter().chain(["\"\\".repeat(9_000), "\0".repeat(9_000)]);
    for text in texts {
        let event = sample::event(sample::mail_full_of(&text));
        for message in [message(&event), Message::test("test-1".to_owned(), &text)] {
            let body = posted_json("full", &message);
            let texts = body["data"].as_object().unwrap().values().filter_map(Value::as_str);
            for sent in texts {
                assert!(!sent.chars().any(|c| is_deceptive(c) && c != '\n'), "{sent:.40?}");
            }
        }
    }
}

#[test]
fn a_link_that_is_too_long_is_left_out() {
    let event = sample::event(sample::mail());
    let open_url = |path: usize| Some(format!("https://mail.example/{}", "x".repeat(path)).parse().unwrap());
    let sent = |path| posted_json("thin", &Message { open_url: open_url(path), ..message(&event) });
    assert!(sent(2_000)["data"].get("openUrl").is_some());
    assert!(sent(3_000)["data"].get("openUrl").is_none());
}

#[test]
fn the_form_is_stable() {
    insta::assert_json_snapshot!(Webhook.config_schema());
}
