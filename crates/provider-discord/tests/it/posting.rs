//! What is sent to Discord, and what is made of what it answers.

use integrations_core::{DynProvider as _, FailureKind, HttpError, Message, Rate};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, answer, body},
};
use provider_discord::Discord;
use serde_json::{Value, json};

use crate::{
    bench::{HOOK, TOKEN, deliver, hook, says, send, sent, verify, verify_at},
    fake::{FakeDiscord, Matter, THREAD},
};

#[test]
fn from_a_url_to_a_message_in_a_thread() {
    let discord = FakeDiscord::new(Matter::IsForum);
    let connection = verify(&json!({ "threadId": THREAD, "silent": true }), &discord).unwrap();
    assert_eq!(connection.identity, format!("{HOOK}/{THREAD}"));
    let receipt = deliver(&connection.config, sample::mail(), &discord).unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("1194285672123039744"));

    let [post] = &discord.posts()[..] else { panic!("not one message") };
    assert_eq!(post.thread.as_deref(), Some(THREAD));
    assert_eq!((&post.body["flags"], &post.body["allowed_mentions"]), (&json!(4096), &json!({ "parse": [] })));
    assert_eq!(post.body["embeds"][0]["url"], "https://mail.example/inbox/7");
}

#[test]
fn every_hostile_mail_is_taken() {
    for text in sample::hostile_texts() {
        let discord = FakeDiscord::new(Matter::Nothing);
        deliver(&json!({}), sample::mail_full_of(&text), &discord)
            .unwrap_or_else(|error| panic!("{text:.40?}: {error}"));
        send(&json!({}), &Message::test("test-1".to_owned(), &text), &discord).unwrap();
        assert!(discord.posts().iter().all(|post| post.body["allowed_mentions"] == json!({ "parse": [] })));
    }
}

#[test]
fn what_is_the_matter_is_understood() {
    let matters = [
        (Matter::Deleted, FailureKind::Gone, "the webhook was deleted"),
        (Matter::NewToken, FailureKind::Unauthorized, "copy it from Discord again"),
        (Matter::IsForum, FailureKind::Gone, "give the id of one of its threads"),
        (Matter::Busy, FailureKind::Throttled, "Discord asks to wait"),
    ];
    for (matter, kind, words) in matters {
        let discord = FakeDiscord::new(matter);
        let error = deliver(&json!({}), sample::mail(), &discord).unwrap_err();
        assert_eq!(error.kind, kind, "{matter:?}");
        assert!(error.message.contains(words), "{error}");
        if matter != Matter::IsForum {
            assert_eq!(verify(&json!({}), &discord).unwrap_err().kind, kind, "{matter:?}");
        }
    }
    let lost = json!({ "threadId": "1194285672123039999" });
    let error = deliver(&lost, sample::mail(), &FakeDiscord::new(Matter::Nothing)).unwrap_err();
    assert_eq!(error.kind, FailureKind::Gone, "{error}");
}

#[test]
fn a_message_is_one_call_to_discord_itself() {
    let http = ScriptedHttp::playing([Ok(sent())]);
    deliver(&json!({}), sample::mail(), &http).unwrap();
    let request = http.requests().remove(0);
    assert_eq!(request.url.as_str(), format!("https://discord.com/api/v10/webhooks/{HOOK}/{TOKEN}?wait=true"));
    insta::assert_json_snapshot!(serde_json::from_slice::<Value>(body(&request)).unwrap());
}

#[test]
fn another_server_can_stand_in() {
    let discord = Discord::at(&"http://127.0.0.1:8080/api/v10/".parse().unwrap());
    let http = ScriptedHttp::always(Ok(hook()));
    verify_at(&discord, &json!({}), &http).unwrap();
    assert_eq!(http.requests()[0].url.as_str(), format!("http://127.0.0.1:8080/api/v10/webhooks/{HOOK}/{TOKEN}"));
}

#[test]
fn verification_finds_the_channel() {
    let connection = verify(&json!({}), &ScriptedHttp::playing([Ok(hook())])).unwrap();
    assert_eq!((connection.identity.as_str(), &connection.config), (HOOK, &json!({ "silent": false })));
    let details = json!({
        "webhookId": HOOK, "webhookName": "Mail <1>", "channelId": "199737254929760256",
        "guildId": "199737254929760257",
    });
    assert_eq!(connection.details, details);
    assert_eq!(connection.lanes.destination.key, HOOK);
    assert_eq!(connection.lanes.destination.rate, Some(Rate::new(2_000, 5)));
}

#[test]
fn the_form_is_stable() {
    insta::assert_json_snapshot!(Discord::default().config_schema());
}

#[test]
fn only_incoming_webhooks_are_accepted() {
    for kind in [2, 3] {
        let other = says(200, &json!({ "id": HOOK, "type": kind, "name": "x", "channel_id": null, "guild_id": null }));
        let error = verify(&json!({}), &ScriptedHttp::playing([Ok(other)])).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
    }
}

#[test]
fn a_lost_answer_to_a_question_is_no_lost_message() {
    for answer in [Err(HttpError::Unknown { reason: "reset" }), Ok(answer(200, "<html>"))] {
        let error = verify(&json!({}), &ScriptedHttp::always(answer.clone())).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unavailable);
        let error = deliver(&json!({}), sample::mail(), &ScriptedHttp::always(answer)).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unconfirmed);
    }
}
