//! What is sent to the Bot API, and what is made of its results.

use integrations_core::{DynProvider, FailureKind, HttpError, Rate, provider::Service};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, answer},
    suite::block_on,
};
use provider_telegram::Telegram;
use serde_json::{Value, json};

use crate::bench::{
    TOKEN, calls, deliver, forum, me, person, playing, refusal, result, says, secret, sent, telegram, verify,
};

#[test]
fn a_message_is_one_call_with_everything_in_it() {
    let http = playing(vec![sent()]);
    let receipt = deliver(&json!({ "chatId": "-1001234567890", "topicId": 5, "silent": true }), &http).unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("77"));

    let url = format!("http://bot-api.example:8081/base/bot{TOKEN}/sendMessage");
    assert_eq!(http.requests()[0].url.as_str(), url);
    let (_, mut sent) = calls(&http).remove(0);
    let text = sent["text"].take();
    assert!(text.as_str().unwrap().contains("<code>orders@mail.example</code>"), "{text}");
    let expected = json!({
        "chat_id": -1_001_234_567_890_i64,
        "message_thread_id": 5,
        "text": null,
        "parse_mode": "HTML",
        "disable_notification": true,
        "link_preview_options": { "is_disabled": true },
        "reply_markup": { "inline_keyboard": [[{ "text": "Open", "url": "https://mail.example/inbox/7" }]] },
    });
    assert_eq!(sent, expected);
}

#[test]
fn the_general_topic_is_left_out() {
    let http = playing(vec![sent()]);
    deliver(&json!({ "chatId": "@my_channel", "topicId": 1 }), &http).unwrap();
    let (_, sent) = &calls(&http)[0];
    assert_eq!((&sent["chat_id"], &sent["disable_notification"]), (&json!("@my_channel"), &json!(false)));
    assert!(sent.get("message_thread_id").is_none());
}

#[test]
fn success_without_a_message_id_is_unconfirmed() {
    let odd = [
        result(&json!({})),
        result(&json!({ "message_id": "77" })),
        result(&json!(true)),
        says(200, &json!({ "ok": true })),
        answer(204, ""),
        answer(200, "<html>Welcome to the hotel network</html>"),
    ];
    for answer in odd {
        let error = deliver(&json!({ "chatId": "12345" }), &playing(vec![answer])).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unconfirmed);
    }
}

#[test]
fn verification_finds_the_bot_and_the_chat() {
    let http = playing(vec![me(), forum()]);
    let connection = verify(&json!({ "chatId": "@ops_team", "topicId": 5 }), &http).unwrap();
    let calls = calls(&http);
    assert_eq!(calls[0].0, "getMe");
    assert_eq!(calls[1], ("getChat".to_owned(), json!({ "chat_id": "@ops_team" })));
    assert_eq!(connection.config, json!({ "chatId": "-1001234567890", "topicId": 5, "silent": false }));
    assert_eq!(connection.identity, "123456789/-1001234567890/5");
    let details = json!({
        "telegramBotId": "123456789", "botUsername": "mail_bot", "chatLabel": "Ops <1>", "chatType": "supergroup",
    });
    assert_eq!(connection.details, details);
    assert_eq!(connection.lanes.destination.key, "123456789/-1001234567890");
    assert_eq!(connection.lanes.destination.rate, Some(Rate::new(3_150, 1)));
    assert_eq!(connection.lanes.credential.key, "123456789");
    assert_eq!(connection.lanes.credential.rate, Some(Rate::new(35, 1)));
}

#[test]
fn a_person_gets_messages_faster_than_a_group() {
    let connection = verify(&json!({ "chatId": 12345 }), &playing(vec![me(), person()])).unwrap();
    assert_eq!(connection.lanes.destination.rate, Some(Rate::new(1_050, 1)));
    assert_eq!(connection.details["chatLabel"], "Ada Lovelace");
}

#[test]
fn a_topic_where_there_are_none_is_forgotten() {
    let channel = result(&json!({ "id": -1_001_234_567_890_i64, "type": "channel", "title": "News" }));
    let connection = verify(&json!({ "chatId": "https://t.me/my_news/120" }), &playing(vec![me(), channel])).unwrap();
    assert_eq!(connection.config, json!({ "chatId": "-1001234567890", "silent": false }));
    assert_eq!(connection.identity, "123456789/-1001234567890");
}

#[test]
fn the_same_chat_has_one_identity_however_it_is_written() {
    let ways =
        [json!("@ops_team"), json!("-1001234567890"), json!(-1_001_234_567_890_i64), json!("t.me/c/1234567890/1")];
    for chat in ways {
        let connection = verify(&json!({ "chatId": chat }), &playing(vec![me(), forum()])).unwrap();
        assert_eq!(connection.identity, "123456789/-1001234567890", "{chat}");
    }
}

#[test]
fn a_token_of_a_person_is_refused() {
    for user in [json!({ "id": 1, "is_bot": false, "username": "ada" }), json!({ "id": 1, "is_bot": true })] {
        let error = verify(&json!({ "chatId": "12345" }), &playing(vec![result(&user)])).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
    }
}

#[test]
fn a_lost_answer_to_a_question_is_no_lost_message() {
    let lost = [Err(HttpError::Unknown { reason: "reset" }), Ok(answer(200, "<html>"))];
    for answer in lost {
        let error = verify(&json!({ "chatId": "12345" }), &ScriptedHttp::always(answer)).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unavailable);
    }
}

#[test]
fn a_chat_that_moved_is_verified_under_its_new_number() {
    let http = playing(vec![me(), migrated(), forum()]);
    let connection = verify(&json!({ "chatId": "-1234567890" }), &http).unwrap();
    assert_eq!(connection.config["chatId"], "-1001234567890");
    assert_eq!(calls(&http)[2].1["chat_id"], -1_001_234_567_890_i64);
}

#[test]
fn a_group_that_became_a_supergroup_moves_the_integration() {
    let http = playing(vec![migrated(), me(), forum()]);
    let error = deliver(&json!({ "chatId": "-1234567890", "silent": true }), &http).unwrap_err();
    assert_eq!(error.kind, FailureKind::Moved);
    let connection = *error.moved_to.unwrap();
    assert_eq!(connection.config, json!({ "chatId": "-1001234567890", "silent": true }));
    assert_eq!(connection.identity, "123456789/-1001234567890");
    assert_eq!(connection.details["chatType"], "supergroup");
    assert_eq!(connection.lanes.destination.key, "123456789/-1001234567890");
}

#[test]
fn a_move_that_cannot_be_followed_now_is_followed_later() {
    let http = playing(vec![migrated(), refusal(502, "Bad Gateway")]);
    let error = deliver(&json!({ "chatId": "-1234567890" }), &http).unwrap_err();
    assert_eq!((error.kind, error.moved_to), (FailureKind::Unavailable, None));
}

fn migrated() -> integrations_core::HttpResponse {
    let description = "Bad Request: group chat was upgraded to a supergroup chat";
    let parameters = json!({ "migrate_to_chat_id": -1_001_234_567_890_i64 });
    says(400, &json!({ "ok": false, "error_code": 400, "description": description, "parameters": parameters }))
}

fn targets(http: &ScriptedHttp) -> Result<Vec<integrations_core::provider::Place>, integrations_core::DeliveryError> {
    let call = DynProvider::targets;
    block_on(call(&telegram(), &secret(), Service { http, now: sample::morning() }))
}

#[test]
fn listing_chats_takes_no_update_from_anybody() {
    let update =
        json!({ "update_id": 9, "message": { "chat": { "id": 12345, "type": "private", "first_name": "Ada" } } });
    let http = playing(vec![result(&json!([update]))]);
    let places = targets(&http).unwrap();
    assert_eq!((places[0].id.as_str(), places[0].label.as_str(), places[0].kind.as_str()), ("12345", "Ada", "private"));
    assert_eq!(calls(&http), [("getUpdates".to_owned(), json!({ "limit": 100, "timeout": 0 }))]);
}

#[test]
fn a_bot_that_somebody_else_reads_cannot_list_chats() {
    for description in [
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    ] {
        let error = targets(&playing(vec![refusal(409, description)])).unwrap_err();
        assert_eq!(error.kind, FailureKind::Rejected);
        assert!(error.message.contains("give the chat id by hand"), "{error}");
    }
}

#[test]
fn a_base_url_that_cannot_have_a_path_is_misconfigured() {
    let telegram = Telegram::new("mailto:bot@example.org".parse().unwrap());
    let (http, call) = (ScriptedHttp::playing([]), DynProvider::targets);
    let error = block_on(call(&telegram, &secret(), Service { http: &http, now: sample::morning() })).unwrap_err();
    assert_eq!(error.kind, FailureKind::Misconfigured);
}

#[test]
fn the_form_is_stable() {
    let schema: Value = telegram().config_schema();
    insta::assert_json_snapshot!(schema);
}
