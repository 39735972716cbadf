//! What is kept and shown, in the library and under `/sandbox`.

use hyper::StatusCode;
use serde_json::{Value, json};
use telegram_sandbox::{Config, chat_text, pretty};

use crate::client::{ADA, BOT, Fixture, Reply};

async fn post(telegram: &Fixture, path: &str, body: Value) -> Reply {
    telegram.post(path, "application/json", body.to_string()).await
}

#[tokio::test]
async fn a_whole_test_runs_over_http() {
    let telegram = Fixture::start().await;
    let bot = post(&telegram, "/sandbox/bots", json!({"id": 7, "username": "other_bot"})).await.json();
    let chat = json!({"id": -1_000_000_000_001_i64, "type": "supergroup", "title": "Team", "username": "team",
        "forum": true, "topics": [{"id": 7, "name": "Mail"}], "bots": [{"id": 7, "standing": "member"}]});
    assert_eq!(post(&telegram, "/sandbox/chats", chat).await.status, StatusCode::CREATED);
    let fault = json!({"answer": {"kind": "error", "status": 500, "description": "oops"}, "method": "sendMessage"});
    assert_eq!(post(&telegram, "/sandbox/faults", fault).await.status, StatusCode::NO_CONTENT);

    let call = format!("/bot{}/sendMessage", bot["token"].as_str().unwrap());
    let args = json!({"chat_id": "@team", "message_thread_id": 7, "text": "<b>Hi</b>", "parse_mode": "HTML",
        "disable_notification": true, "reply_markup": {"inline_keyboard": [[{"text": "Open", "url": "https://a.b/"}]]}});
    assert_eq!(post(&telegram, &call, args.clone()).await.refusal(), (500, "oops".into()));
    post(&telegram, &call, args).await.ok();

    let shown = telegram.get("/sandbox/chats/-1000000000001?atLeast=1&timeoutMs=5000").await.json();
    assert_eq!((&shown["title"], &shown["accepted"]), (&json!("Team"), &json!(1)));
    assert_eq!(shown["bots"], json!({"7": "member"}));
    let message = &shown["messages"][0];
    assert_eq!((&message["text"], &message["html"]), (&json!("Hi"), &json!("<b>Hi</b>")));
    assert_eq!(
        (&message["threadId"], &message["silent"], &message["from"]),
        (&json!(7), &json!(true), &json!({"bot": 7}))
    );
    assert_eq!(message["buttons"], json!([[{"text": "Open", "url": "https://a.b/"}]]));
    assert_eq!(message["entities"], json!([{"type": "bold", "offset": 0, "length": 2}]));
    let all = telegram.get("/sandbox/chats").await.json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[0], shown);

    let requests = telegram.get("/sandbox/requests?after=1").await.json();
    assert_eq!(requests["total"], json!(2));
    let request = &requests["requests"][0];
    assert_eq!(
        (&request["method"], &request["chatId"], &request["status"]),
        (&json!("sendMessage"), &json!("@team"), &json!(200))
    );
    assert_eq!((&request["botId"], &request["processed"], &request["messageId"]), (&json!(7), &json!(true), &json!(1)));
    assert!(!telegram.get("/sandbox/requests").await.text.contains(bot["token"].as_str().unwrap()));
    assert_eq!(telegram.get("/sandbox/received").await.json()["messages"][0]["sequence"], message["sequence"]);
}

#[tokio::test]
async fn people_act_over_http() {
    let telegram = Fixture::start().await;
    let act = |chat: i64, deed: &str| {
        let path = format!("/sandbox/chats/{chat}/{deed}");
        let telegram = &telegram;
        async move { telegram.post(&path, "", String::new()).await }
    };
    assert_eq!(act(ADA, "block").await.json(), json!({"bots": [BOT], "standing": "kicked"}));
    telegram.send(ADA, "x").await.assert_forbidden("bot was blocked by the user");
    act(ADA, "unblock").await;
    telegram.send(ADA, "x").await.ok();
    let said = post(&telegram, &format!("/sandbox/chats/{ADA}/say"), json!({"text": "thanks"})).await.json();
    assert_eq!(said, json!({"messageId": 3}));
    act(ADA, "deactivate").await;
    telegram.send(ADA, "x").await.assert_forbidden("user is deactivated");

    let group = json!({"id": -5, "type": "group", "title": "Family", "bots": [{"id": BOT, "standing": "member"}]});
    post(&telegram, "/sandbox/chats", group).await;
    let muted = post(&telegram, "/sandbox/chats/-5/mute", json!({"bot": BOT})).await;
    assert_eq!(muted.json()["standing"], json!("restricted"));
    let moved = act(-5, "migrate").await.json();
    assert_eq!(telegram.send(-5, "x").await.json()["parameters"]["migrate_to_chat_id"], moved["migratedTo"]);

    let topics = "/sandbox/chats/-1000000000001/topics";
    post(&telegram, "/sandbox/chats", json!({"id": -1_000_000_000_001_i64, "type": "supergroup", "forum": true})).await;
    assert_eq!(post(&telegram, topics, json!({"id": 7, "closed": true})).await.status, StatusCode::NO_CONTENT);
    assert!(telegram.world().chat(-1_000_000_000_001).unwrap().topics.unwrap()[&7].closed);
    assert_eq!(telegram.delete(&format!("{topics}/7")).await.status, StatusCode::NO_CONTENT);
    let revoked = telegram.post(&format!("/sandbox/bots/{BOT}/revoke"), "", String::new()).await.json();
    assert_ne!(revoked["token"], json!(telegram.token));
    assert_eq!(telegram.send(ADA, "x").await.refusal().0, 401);
}

#[tokio::test]
async fn faults_are_scripted_and_cleared_over_http() {
    let telegram = Fixture::start().await;
    let raw = json!({"kind": "raw", "status": 418, "headers": [["x-tea", "green"]], "body": "short"});
    post(&telegram, "/sandbox/faults", json!({"answer": raw, "times": null, "chat": ADA, "bot": BOT})).await;
    for _ in 0..2 {
        let teapot = telegram.send(ADA, "x").await;
        assert_eq!((teapot.status.as_u16(), teapot.text.as_str()), (418, "short"));
    }
    assert_eq!(telegram.delete("/sandbox/faults").await.status, StatusCode::NO_CONTENT);
    post(&telegram, "/sandbox/faults", json!({"answer": {"kind": "normal"}, "delayMs": 1})).await;
    telegram.send(ADA, "x").await.ok();
    assert_eq!(telegram.world().calls(0)[2].fault, Some("slow"));
}

#[tokio::test]
async fn mistakes_are_answered_with_words() {
    let telegram = Fixture::start().await;
    let error = |reply: Reply| (reply.status.as_u16(), reply.json()["error"].as_str().unwrap().to_owned());
    let unknown = (404, "there is no chat 5; add it first".to_owned());
    assert_eq!(error(telegram.get("/sandbox/chats/5").await), unknown);
    assert_eq!(error(telegram.get("/sandbox/chats/5/text").await), unknown);
    assert_eq!(error(telegram.post("/sandbox/chats/5/block", "", String::new()).await), unknown);
    let dance = telegram.post(&format!("/sandbox/chats/{ADA}/dance"), "", String::new()).await;
    assert_eq!(error(dance), (404, "nobody can dance a chat".into()));
    let taken = post(&telegram, "/sandbox/bots", json!({"id": BOT})).await;
    assert_eq!(error(taken).0, 409);
    let (status, words) = error(post(&telegram, "/sandbox/bots", json!({"id": 9, "color": "red"})).await);
    assert!(status == 400 && words.contains("unknown field `color`"), "{words}");
    assert!(telegram.get("/sandbox/chats?colour=red").await.status.is_client_error());
}

#[tokio::test]
async fn a_chat_is_shown_as_a_person_sees_it() {
    let clock = telegram_sandbox::Clock::new(|| std::time::Duration::from_secs(14 * 3600 + 3 * 60));
    let telegram = Fixture::start_with(Config { clock, ..Config::default() }).await;
    let markup =
        json!({"inline_keyboard": [[{"text": "Open", "url": "https://a.b/"}, {"text": "Ask", "callback_data": "a"}]]});
    let args = json!({"chat_id": ADA, "text": "<b>New mail</b>\n\nfrom <i>Bob</i>", "parse_mode": "HTML",
        "disable_notification": true, "reply_markup": markup});
    telegram.call("sendMessage", args).await.ok();

    let text =
        "Ada · 14:03 UTC\n/start\n\nbot 42 · 14:03 UTC · silent\nNew mail\n\nfrom Bob\n[Open](https://a.b/)\n[Ask]\n";
    assert_eq!(telegram.get(&format!("/sandbox/chats/{ADA}/text")).await.text, text);
    let chat = telegram.world().chat(ADA).unwrap();
    assert_eq!(chat_text(&chat), text);
    let block = "╭─ Ada · 14:03 UTC · silent\n│ New mail\n│\n│ from Bob\n│ [Open](https://a.b/)\n│ [Ask]\n╰─\n";
    assert_eq!(pretty(&chat, &chat.messages[1]), block);
}

#[tokio::test]
async fn old_messages_go_but_the_counts_stay() {
    let telegram = Fixture::start_with(Config { keep: 3, ..Config::default() }).await;
    for number in 0..5 {
        telegram.send(ADA, &number.to_string()).await.ok();
    }
    let world = telegram.world();
    let texts: Vec<_> = world.messages(ADA).iter().map(|message| message.content.text.clone()).collect();
    assert_eq!(texts, ["2", "3", "4"]);
    assert_eq!((world.chat(ADA).unwrap().accepted, world.received_total(), world.calls_total()), (5, 5, 5));
    let sequences = |after| world.received(after).iter().map(|message| message.sequence).collect::<Vec<_>>();
    assert_eq!((sequences(0), sequences(5), sequences(6)), (vec![4, 5, 6], vec![6], vec![]));
    assert_eq!(world.calls(4).iter().map(|call| call.sequence).collect::<Vec<_>>(), [5]);
    let latest = telegram.get(&format!("/sandbox/chats/{ADA}?limit=1")).await.json();
    assert_eq!(latest["messages"].as_array().unwrap().len(), 1);
    assert_eq!(latest["messages"][0]["text"], json!("4"));
}

#[tokio::test]
async fn waiting_ends_with_the_event_that_is_waited_for() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    let send = async {
        for _ in 0..3 {
            telegram.send(ADA, "x").await.ok();
        }
    };
    let (messages, calls, ()) = tokio::join!(world.wait_for_messages(ADA, 3), world.wait_for_calls(3), send);
    assert_eq!((messages.len(), calls.len()), (3, 3));
}
