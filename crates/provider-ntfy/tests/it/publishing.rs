//! What ntfy is sent.

use integrations_core::{
    DynProvider as _, Message,
    provider::{Action, Content, Notification},
    text::is_deceptive,
};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, body},
};
use provider_ntfy::{Ntfy, render};
use serde_json::{Value, json};

use crate::bench::{TOKEN, deliver, published, send};

/// Servers take less than this (twice the limit of a text).
const REQUEST_LIMIT: usize = 8192;

#[test]
fn a_message_is_one_call() {
    let http = ScriptedHttp::always(Ok(published()));
    let config = json!({ "server": "https://ntfy.example", "topic": "mail", "priority": 5, "tags": ["mail", "+1"] });
    deliver(&config, &json!({ "accessToken": TOKEN }), &http).unwrap();
    deliver(&json!({ "topic": "mail" }), &json!({}), &http).unwrap();
    let [own, public] = &http.requests()[..] else { panic!("not two calls") };
    assert_eq!((own.url.as_str(), public.url.as_str()), ("https://ntfy.example/", "https://ntfy.sh/"));
    assert_eq!(own.headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(!public.headers.contains_key("authorization"));
    insta::assert_json_snapshot!(serde_json::from_slice::<Value>(body(own)).unwrap());
    let public: Value = serde_json::from_slice(body(public)).unwrap();
    assert_eq!((&public["priority"], &public["tags"]), (&json!(null), &json!([])));
}

#[test]
fn the_form_is_stable() {
    insta::assert_json_snapshot!(Ntfy.config_schema());
}

#[test]
fn hostile_mails_all_fit() {
    let tag = "\"".repeat(32);
    let config = json!({ "topic": "t".repeat(64), "priority": 1, "tags": [tag, tag, tag, tag, tag, tag, tag, tag] });
    let texts =
        sample::hostile_texts().into_iter().chain(["\"".repeat(9_000), "\\".repeat(9_000), "\"a".repeat(5_000)]);
    for text in texts {
        let event = sample::event(sample::mail_full_of(&text));
        let open_url = Some(format!("https://mail.example/{}", "x".repeat(1_000)).parse().unwrap());
        let message = Message { id: "i".repeat(64), content: Content::Event(&event), open_url };
        for message in [message, Message::test("test-1".to_owned(), &text)] {
            let http = ScriptedHttp::always(Ok(published()));
            send(&config, &json!({}), &message, &http).unwrap();
            assert!(body(&http.requests()[0]).len() < REQUEST_LIMIT, "{text:.40?}");
            let shown = render(&message.notification());
            assert!(shown.message.len() < 4096 && shown.title.len() <= 250, "{text:.40?}");
            assert!(!shown.message.chars().any(|c| is_deceptive(c) && c != '\n'), "{text:.40?}");
        }
    }
}

#[test]
fn a_text_uses_all_the_room_there_is_and_no_more() {
    let shown = |body: String| {
        let notification =
            Notification { title: String::new(), fields: Vec::new(), body: Some(body), actions: Vec::new() };
        render(&notification).message
    };
    assert_eq!(shown("b".repeat(4_095)), "b".repeat(4_095));
    let cut = shown("b".repeat(4_096));
    assert!(cut.ends_with("b…") && cut.len() == 4_095, "{}", cut.len());
    assert_eq!(shown("é".repeat(4_096)).len(), 4_095);
    assert_eq!(shown("\"".repeat(4_095)).len(), 2_500);
}

#[test]
fn a_link_that_is_too_long_is_left_out() {
    let click = |path: usize| {
        let url = format!("https://mail.example/{}", "x".repeat(path)).parse().unwrap();
        let actions = vec![Action { label: "Open".to_owned(), url }];
        render(&Notification { title: "T".to_owned(), fields: Vec::new(), body: None, actions }).click
    };
    assert_eq!(click(1).as_deref(), Some("https://mail.example/x"));
    assert_eq!(click(1_024), None);
}
