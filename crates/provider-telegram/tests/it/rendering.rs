//! How messages look, and that nothing in them can change that.

use integrations_core::{
    EmailReceived, Message,
    provider::{Content, Field, Notification},
    text::is_deceptive,
};
use integrations_testkit::sample;
use proptest::prelude::*;
use provider_telegram::{MAX_TEXT_CHARS, render_html, render_plain};

use crate::html;

/// A message in both of its forms.
struct Rendered {
    html: String,
    plain: String,
}

fn render(notification: &Notification) -> Rendered {
    Rendered { html: render_html(notification), plain: render_plain(notification) }
}

fn rendered(mail: EmailReceived) -> Rendered {
    let event = sample::event(mail);
    let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
    render(&message.notification())
}

/// What must be true of every message.
fn check(rendered: &Rendered) {
    let read = html::read(&rendered.html).unwrap_or_else(|fault| panic!("{fault} in {}", rendered.html));
    assert_eq!(read.visible, rendered.plain);
    assert!(read.entities <= 100, "{}", read.entities);
    assert!(read.visible.chars().count() <= MAX_TEXT_CHARS);
    assert!(!read.visible.chars().any(|c| is_deceptive(c) && c != '\n'), "{:?}", read.visible);
    assert!(read.visible.chars().any(|c| !c.is_whitespace() && !matches!(c, '\u{200C}' | '\u{200D}')));
    assert!(!read.visible.starts_with(char::is_whitespace) && !read.visible.ends_with(char::is_whitespace));
    assert!(!read.visible.contains("\n\n\n"));
}

#[test]
fn an_ordinary_mail() {
    let rendered = rendered(sample::mail());
    check(&rendered);
    insta::assert_snapshot!(rendered.html);
    insta::assert_snapshot!(rendered.plain);
}

#[test]
fn a_bare_mail() {
    let rendered = rendered(EmailReceived { sender_label: "a@b.example".to_owned(), ..EmailReceived::default() });
    check(&rendered);
    insta::assert_snapshot!(rendered.html);
}

#[test]
fn a_test_message() {
    let rendered = render(&Message::test("msg_1".to_owned(), "Ops & <friends>").notification());
    check(&rendered);
    insta::assert_snapshot!(rendered.html);
}

#[test]
fn hostile_mails_that_fit() {
    let fitting = sample::hostile_texts().into_iter().filter(|text| text.chars().count() <= 512);
    let shown: Vec<_> = fitting.map(|text| rendered(sample::mail_full_of(&text)).html).collect();
    insta::assert_snapshot!(shown.join("\n----\n"));
}

#[test]
fn hostile_mails_all_fit() {
    for text in sample::hostile_texts() {
        check(&rendered(sample::mail_full_of(&text)));
    }
}

#[test]
fn a_long_subject_pushes_nothing_out() {
    let subject = Some("&".repeat(20_000));
    let rendered = rendered(EmailReceived { subject, ..sample::mail() });
    check(&rendered);
    let (_, after) = rendered.plain.split_once("…\n").unwrap();
    assert!(after.contains("Received: 2026-01-01 09:30:00 UTC\nAttachments: 2\n\nHello Grace"), "{after}");
}

#[test]
fn a_message_uses_all_the_room_there_is_and_no_more() {
    let notification = |chars: usize| Notification {
        title: "T".to_owned(),
        fields: Vec::new(),
        body: Some("😀".repeat(chars)),
        actions: Vec::new(),
    };
    let exact = render(&notification(MAX_TEXT_CHARS - 3)).plain;
    assert_eq!(exact.chars().count(), MAX_TEXT_CHARS);
    assert!(exact.ends_with('😀'));
    let over = render(&notification(MAX_TEXT_CHARS - 2)).plain;
    assert_eq!(over.chars().count(), MAX_TEXT_CHARS);
    assert!(over.ends_with("😀…"));
}

#[test]
fn nothing_at_all_is_still_a_message() {
    let nothing = |title: &str| Notification {
        title: title.to_owned(),
        fields: Vec::new(),
        body: Some(" \n\u{200b}\n".to_owned()),
        actions: Vec::new(),
    };
    for title in ["", " ", "\u{202e}", "\u{200d}"] {
        assert_eq!(render(&nothing(title)).html, "<b>Message</b>");
    }
}

#[test]
fn paragraphs_stay_paragraphs() {
    let notification = Notification {
        title: "T".to_owned(),
        fields: Vec::new(),
        body: Some("\r\n\n one\t two \r\nthree\n\n\n \nfour\n\n".to_owned()),
        actions: Vec::new(),
    };
    assert_eq!(render(&notification).plain, "T\n\none two\nthree\n\nfour");
}

/// Texts out of the characters that matter to markup, to layout and to the eye, and any others.
fn hostile() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "<>&\"';#/ab 1\n\r\t\0\u{1b}\u{85}\u{a0}\u{200b}\u{200d}\u{202e}\u{2028}\u{2066}\u{feff}\u{e0041}\u{301}😀日"
            .chars()
            .collect::<Vec<_>>(),
    );
    let words =
        prop::sample::select(vec!["<b>", "</b>", "</code>", "<a href=\"tg://user?id=1\">", "&lt;", "&#x3c;", "]]>"]);
    let piece = prop_oneof![
        4 => special.prop_map(String::from),
        2 => words.prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    (prop::collection::vec(piece, 0..40), prop_oneof![3 => Just(1_usize), 1 => 2_usize..100])
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn notifications() -> impl Strategy<Value = Notification> {
    let labels =
        prop::sample::select(vec!["To", "From", "A <label> that is far too long for any line & its value", ""]);
    let field =
        (labels, hostile(), any::<bool>()).prop_map(|(label, value, verbatim)| Field { label, value, verbatim });
    (hostile(), prop::collection::vec(field, 0..45), prop::option::of(hostile()))
        .prop_map(|(title, fields, body)| Notification { title, fields, body, actions: Vec::new() })
}

proptest! {
    #[test]
    fn every_notification_is_a_message_that_telegram_takes(notification in notifications()) {
        check(&render(&notification));
    }
}
