//! How messages look, and that nothing in them can change that.

use integrations_core::{
    Message,
    provider::{Action, Content, Field, Notification},
    text::is_deceptive,
};
use integrations_testkit::sample;
use proptest::prelude::*;
use provider_discord::{Embed, render};
use serde_json::json;

use crate::fake;

/// Fails if Discord would see more than plain text.
fn assert_plain(text: &str) {
    if let Some(code) = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        return assert!(!code.is_empty() && !code.contains('`'), "{text}");
    }
    for line in text.split('\n') {
        assert!(!line.starts_with(['#', '>', '-']), "{line}");
        for word in line.split(' ') {
            let links = ["https://", "http://"].iter().filter_map(|scheme| word.find(scheme));
            let (before, link) = word.split_at(links.min().unwrap_or(word.len()));
            assert_eq!(unescaped_signs(before, "*_~`|[]<"), "", "{word}");
            assert_eq!(unescaped_signs(link, "*`|[]<"), "", "{word}");
        }
    }
}

fn unescaped_signs(text: &str, signs: &str) -> String {
    let (mut found, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => assert!(chars.next().is_some_and(|c| c.is_ascii_punctuation()), "a lone backslash: {text}"),
            c if signs.contains(c) => found.push(c),
            _ => {}
        }
    }
    found
}

/// What must be true of every message.
fn check(embed: &Embed) {
    fake::check(&json!({ "embeds": [embed] })).unwrap();
    let fields = embed.fields.iter().flat_map(|field| [&field.name, &field.value]);
    for text in fields.chain([&embed.title, &embed.description]) {
        assert_plain(text);
        assert!(!text.chars().any(|c| is_deceptive(c) && c != '\n'), "{text:?}");
    }
}

#[test]
fn hostile_mails_all_fit() {
    for text in sample::hostile_texts() {
        let event = sample::event(sample::mail_full_of(&text));
        let message = Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url: None };
        check(&render(&message.notification()));
    }
}

#[test]
fn a_card_uses_all_the_room_there_is_and_no_more() {
    let card = |body: String, fields: usize| {
        let field = Field { label: "Label", value: "v".repeat(5_000), verbatim: false };
        render(&Notification {
            title: "T".to_owned(),
            fields: vec![field; fields],
            body: Some(body),
            actions: Vec::new(),
        })
    };
    assert!(card("b".repeat(4_096), 0).description.ends_with('b'));
    assert!(card("b".repeat(4_097), 0).description.ends_with("b…"));
    assert_eq!(card("😀".repeat(4_097), 0).description.encode_utf16().count(), 4_095);
    for fields in [1, 5, 25, 30] {
        let card = card("b".repeat(5_000), fields);
        check(&card);
        assert_eq!(card.fields.len(), fields.min(25));
        assert!(card.description.len() >= 2_500, "{}", card.description.len());
    }
}

#[test]
fn a_link_that_is_too_long_is_left_out() {
    let card = |path: usize| {
        let url = format!("https://mail.example/{}", "x".repeat(path)).parse().unwrap();
        let actions = vec![Action { label: "Open".to_owned(), url }];
        render(&Notification { title: "T".to_owned(), fields: Vec::new(), body: None, actions })
    };
    assert_eq!(card(1).url.as_deref(), Some("https://mail.example/x"));
    assert_eq!(card(3_000).url, None);
}

/// Texts out of the characters that matter to markup, to layout and to the eye, and any others.
fn hostile() -> impl Strategy<Value = String> {
    let signs = "\\*_~`|[]()<>#-@:/ab 1\n\r\t\0\u{a0}\u{200b}\u{200d}\u{202e}\u{2028}\u{feff}\u{301}😀日";
    let words = vec!["**", "```", "[a](https://b.example)", "https://a_b.example/*", "<@1>", "\n# ", "\n- ", "-# "];
    let piece = prop_oneof![
        4 => prop::sample::select(signs.chars().collect::<Vec<_>>()).prop_map(String::from),
        2 => prop::sample::select(words).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    (prop::collection::vec(piece, 0..40), prop_oneof![3 => Just(1_usize), 1 => 2_usize..100])
        .prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn notifications() -> impl Strategy<Value = Notification> {
    let labels =
        prop::sample::select(vec!["To", "From", "A *label* that is far too long for any line & its value", ""]);
    let field =
        (labels, hostile(), any::<bool>()).prop_map(|(label, value, verbatim)| Field { label, value, verbatim });
    (hostile(), prop::collection::vec(field, 0..30), prop::option::of(hostile()))
        .prop_map(|(title, fields, body)| Notification { title, fields, body, actions: Vec::new() })
}

proptest! {
    #[test]
    fn every_notification_is_a_card_that_discord_takes(notification in notifications()) {
        check(&render(&notification));
    }
}
