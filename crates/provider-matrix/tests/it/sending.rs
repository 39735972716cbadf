//! What rooms are sent.

use integrations_core::{
    DynProvider as _, Message,
    provider::{Action, Content, Field, Notification},
    text::is_deceptive,
};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, body},
};
use provider_matrix::{Matrix, Rendered, render};
use serde_json::{Value, json};

use crate::bench::{ROOM, TOKEN, deliver, send, sent};

/// An event may have 65,536; what the homeserver adds to the content is well below the rest.
const MAX_CONTENT: usize = 60_000;

/// What must be true of every message.
fn check(shown: &Rendered) {
    let content = json!({ "body": shown.plain, "formatted_body": shown.html }).to_string();
    assert!(content.len() <= MAX_CONTENT, "{}", content.len());
    assert!(!shown.plain.is_empty());
    assert!(![&shown.plain, &shown.html].iter().any(|text| text.chars().any(|c| is_deceptive(c) && c != '\n')));
    let mut open = Vec::new();
    for piece in shown.html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{}", shown.html),
            None if tag == "br" => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
        assert!(
            ["strong", "b", "code", "p", "a", "br"].contains(&tag.trim_start_matches('/').split(' ').next().unwrap())
        );
    }
    assert!(open.is_empty(), "{}", shown.html);
}

#[test]
fn a_message_is_one_call() {
    let http = ScriptedHttp::playing([Ok(sent())]);
    deliver(sample::mail(), &http).unwrap();
    let request = http.requests().remove(0);
    let path = format!("/base/_matrix/client/v3/rooms/{ROOM}/send/m.room.message/dsp_1");
    assert_eq!((request.method.as_str(), request.url.path()), ("PUT", path.as_str()));
    assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
    insta::assert_json_snapshot!(serde_json::from_slice::<Value>(body(&request)).unwrap());
}

#[test]
fn the_form_is_stable() {
    insta::assert_json_snapshot!(Matrix.config_schema());
}

#[test]
fn hostile_mails_all_fit() {
    for text in sample::hostile_texts().into_iter().chain(["\\".repeat(9_000), "\"".repeat(9_000)]) {
        let event = sample::event(sample::mail_full_of(&text));
        let message = Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url: None };
        for message in [message, Message::test("test-1".to_owned(), &text)] {
            check(&render(&message.notification()));
            let http = ScriptedHttp::always(Ok(sent()));
            send(&message, &http).unwrap();
            let content: Value = serde_json::from_slice(body(&http.requests()[0])).unwrap();
            assert_eq!(content["m.mentions"], json!({}));
        }
    }
}

#[test]
fn the_largest_notification_fits() {
    let field = |verbatim| Field { label: "\\", value: "\\".repeat(9_000), verbatim };
    let url = |length: usize| format!("https://mail.example/?{}", "'".repeat(length)).parse().unwrap();
    let largest = |length| Notification {
        title: "\\".repeat(9_000),
        fields: vec![field(true); 100],
        body: Some("\\\n".repeat(9_000)),
        actions: vec![Action { label: "\\".repeat(9_000), url: url(length) }],
    };
    let shown = render(&largest(650));
    check(&shown);
    assert!(shown.html.contains("<a href=") && shown.plain.contains("https://mail.example/"));
    let shown = render(&largest(3_000));
    check(&shown);
    assert!(!shown.html.contains("<a href=") && !shown.plain.contains("https://mail.example/"));
}
