//! How settings are checked, and what is posted with them.

use integrations_core::{
    DynProvider as _, FailureKind, Message,
    provider::{Action, Content, Notification},
};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, body},
};
use provider_slack::{Chat, MAX_TEXT, Slack, render};
use serde_json::{Value, json};

use crate::bench::{TOKEN, Via, deliver, verify};

#[test]
fn a_message_is_one_call() {
    for via in Via::ALL {
        let http = ScriptedHttp::playing([Ok(via.delivered())]);
        deliver(via, &http).unwrap();
        let request = http.requests().remove(0);
        let body: Value = serde_json::from_slice(body(&request)).unwrap();
        assert_eq!((&body["unfurl_links"], &body["unfurl_media"]), (&json!(false), &json!(false)));
        if via == Via::SlackBot {
            assert_eq!(request.url.as_str(), "https://slack.com/api/chat.postMessage");
            assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
            assert_eq!(body["channel"], "C024BE91L");
            assert!(body["text"].as_str().unwrap().ends_with("\n<https://mail.example/inbox?a=1&amp;b=2|Open>"));
        } else {
            assert_eq!(via.secret()["webhookUrl"], request.url.as_str());
            assert!(!request.headers.contains_key("authorization"));
        }
    }
}

#[test]
fn verification_finds_the_bot() {
    let via = Via::SlackBot;
    let http = ScriptedHttp::playing(via.verified().into_iter().map(Ok));
    let connection = verify(&via.config(), &via.secret(), &http).unwrap();
    assert_eq!(http.requests()[0].url.as_str(), "https://slack.com/api/auth.test");
    assert_eq!(connection.identity, "T024BE7LD/W12345678/C024BE91L");
    assert_eq!(connection.details, json!({ "team": "Team <1>", "botUser": "mail" }));
    assert_eq!(connection.lanes.credential.key, "T024BE7LD/W12345678");
}

#[test]
fn webhooks_are_told_apart_without_giving_them_away() {
    let nobody = ScriptedHttp::playing([]);
    let identity = |secret: &Value| {
        let connection = verify(&Via::Mattermost.config(), secret, &nobody).unwrap();
        assert_eq!(connection.details, json!({ "host": "chat.example" }));
        connection.identity
    };
    let first = identity(&Via::Mattermost.secret());
    assert!(first.starts_with("chat.example/"), "{first}");
    assert_eq!(first, identity(&Via::Mattermost.secret()));
    assert_ne!(first, identity(&json!({ "webhookUrl": "https://chat.example/hooks/another" })));
}

#[test]
fn each_service_has_its_pace() {
    let in_a_minute = |via: Via| {
        let http = ScriptedHttp::playing(via.verified().into_iter().map(Ok));
        let rate = verify(&via.config(), &via.secret(), &http).unwrap().lanes.destination.rate.unwrap();
        rate.burst + 60_000 / rate.interval_millis
    };
    assert_eq!(Via::ALL.map(in_a_minute), [63, 63, 63, 10]);
}

#[test]
fn settings_that_do_not_belong_together_are_refused() {
    let channel = json!({ "service": "slack", "channel": "C024BE91L" });
    let foreign = json!({ "webhookUrl": "https://hooks.slack.com.example/services/T0/B0/x" });
    for (config, secret, advice) in [
        (Via::SlackBot.config(), Via::SlackWebhook.secret(), "leave channel empty"),
        (Via::SlackWebhook.config(), Via::SlackBot.secret(), "needs a channel"),
        (Via::Mattermost.config(), Via::SlackBot.secret(), "bot tokens are for Slack"),
        (Via::SlackWebhook.config(), Via::Mattermost.secret(), "no webhook of Slack"),
        (Via::SlackWebhook.config(), foreign.clone(), "no webhook of Slack"),
        (channel, foreign, "leave channel empty"),
    ] {
        let error = verify(&config, &secret, &ScriptedHttp::playing([])).unwrap_err();
        assert_eq!(error.kind, FailureKind::Misconfigured);
        assert!(error.message.contains(advice), "{error}");
    }
}

#[test]
fn the_form_is_stable() {
    insta::assert_json_snapshot!(Slack.config_schema());
}

/// What must be true of every text.
fn check(text: &str, chat: Chat) {
    assert!(text.encode_utf16().count() <= MAX_TEXT, "{text:.40?}");
    if chat == Chat::Slack {
        assert!(!text.contains(['<', '>']), "{text:.40?}");
        assert!(text.split('&').skip(1).all(|rest| ["amp;", "lt;", "gt;"].iter().any(|name| rest.starts_with(name))));
    } else {
        let inner = text.strip_prefix("```\n").and_then(|rest| rest.strip_suffix("\n```")).unwrap();
        assert!(!inner.contains('`'), "{text:.40?}");
        let mut words = inner.split([' ', '\n', '>']);
        assert!(words.all(|word| word.strip_prefix('@').is_none_or(|rest| rest.starts_with(['\u{200b}', '…']))));
    }
}

#[test]
fn hostile_mails_are_text_and_fit() {
    for text in sample::hostile_texts().into_iter().chain(["`".repeat(9_000), "<!channel> @all ```".repeat(500)]) {
        let event = sample::event(sample::mail_full_of(&text));
        let message = Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url: None };
        for message in [message, Message::test("test-1".to_owned(), &text)] {
            for chat in [Chat::Slack, Chat::Mattermost, Chat::RocketChat] {
                check(&render(&message.notification(), chat), chat);
            }
        }
    }
}

#[test]
fn a_link_has_its_room_or_is_left_out() {
    let text = |path: &str, chat| {
        let url = format!("https://mail.example/{path}").parse().unwrap();
        let actions = vec![Action { label: "Open <it>".to_owned(), url }];
        render(
            &Notification { title: "T".to_owned(), fields: Vec::new(), body: Some("😀".repeat(5_000)), actions },
            chat,
        )
    };
    assert!(text("a|b?<c>", Chat::Slack).ends_with("…\n<https://mail.example/a%7Cb?%3Cc%3E|Open &lt;it&gt;>"));
    assert!(text("a", Chat::Mattermost).ends_with("…\n```\nhttps://mail.example/a"));
    for chat in [Chat::Slack, Chat::Mattermost] {
        assert!((MAX_TEXT - 2..=MAX_TEXT).contains(&text(&"x".repeat(900), chat).encode_utf16().count()));
        check(&text(&"x".repeat(1_100), chat), chat);
    }
}
