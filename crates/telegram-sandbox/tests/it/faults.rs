//! Every kind of trouble.

use std::io::ErrorKind;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::StatusCode;
use serde_json::{Value, json};
use telegram_sandbox::{Fault, NewChat, Standing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{ADA, BOT, Fixture};

fn hello() -> Value {
    json!({"chat_id": ADA, "text": "hello"})
}

fn accepted(telegram: &Fixture) -> u64 {
    telegram.world().chat(ADA).unwrap().accepted
}

#[tokio::test]
async fn a_refusal_hits_as_often_as_it_was_scripted() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::flood(7).times(2));
    telegram.world().script(Fault::error(500, "Internal Server Error"));
    telegram.world().script(Fault::migrated(-1_000_000_000_009));
    for _ in 0..2 {
        let refused = telegram.call("sendMessage", hello()).await;
        assert_eq!(refused.refusal(), (429, "Too Many Requests: retry after 7".into()));
        assert_eq!(
            (&refused.json()["parameters"], refused.retry_after.as_deref()),
            (&json!({"retry_after": 7}), Some("7"))
        );
    }
    assert_eq!(telegram.call("sendMessage", hello()).await.refusal(), (500, "Internal Server Error".into()));
    let moved = telegram.call("sendMessage", hello()).await;
    moved.assert_bad("group chat was upgraded to a supergroup chat");
    assert_eq!(moved.json()["parameters"], json!({"migrate_to_chat_id": -1_000_000_000_009_i64}));
    assert_eq!(accepted(&telegram), 0);
    telegram.call("sendMessage", hello()).await.ok();
}

#[tokio::test]
async fn a_fault_hits_its_bot_chat_and_method_only() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world
        .add_chat(NewChat::channel(-1_000_000_000_003, "News").username("news").bot(BOT, Standing::Administrator))
        .unwrap();
    world.script(Fault::error(500, "chat").chat(-1_000_000_000_003).forever());
    world.script(Fault::error(500, "method").method("getme").forever());
    world.script(Fault::error(500, "bot").bot(7).forever());
    telegram.call("sendMessage", hello()).await.ok();
    for chat in [json!("@news"), json!(-1_000_000_000_003_i64)] {
        let refused = telegram.call("sendMessage", json!({"chat_id": chat, "text": "x"})).await;
        assert_eq!(refused.refusal(), (500, "chat".into()));
    }
    assert_eq!(telegram.call("getMe", json!({})).await.refusal(), (500, "method".into()));
    assert_eq!(telegram.get("/bot7:x/sendMessage").await.refusal(), (500, "bot".into()));
    world.clear_faults();
    telegram.call("getMe", json!({})).await.ok();
}

#[tokio::test]
async fn a_slow_answer_is_late_but_the_message_is_not() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::slow(Duration::from_millis(300)));
    let call = telegram.call("sendMessage", hello());
    tokio::pin!(call);
    tokio::select! {
        _ = &mut call => panic!("answered before the message was seen"),
        messages = telegram.world().wait_for_messages(ADA, 1) => assert_eq!(messages.len(), 1),
    }
    call.await.ok();
}

#[tokio::test]
async fn a_hanging_call_is_never_answered() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::hang());
    telegram.world().script(Fault::hang().processed());
    for done in [0, 1] {
        let call = telegram.raw("sendMessage", hello());
        assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err());
        assert_eq!(accepted(&telegram), done);
    }
}

/// Sends a request and tells how the connection ends.
async fn reset_of(telegram: &Fixture, head_only: bool) -> ErrorKind {
    let mut stream = TcpStream::connect(telegram.sandbox.addr()).await.unwrap();
    let body = hello().to_string();
    let path = telegram.path("sendMessage");
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    if !head_only {
        stream.write_all(body.as_bytes()).await.unwrap();
    }
    stream.read_to_end(&mut Vec::new()).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_reset_comes_before_the_body_is_read_or_after_the_message_is_taken() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.script(Fault::reset());
    assert_eq!(reset_of(&telegram, true).await, ErrorKind::ConnectionReset);
    assert_eq!(accepted(&telegram), 0);
    world.script(Fault::reset().chat(ADA));
    assert_eq!(reset_of(&telegram, false).await, ErrorKind::ConnectionReset);
    assert_eq!(accepted(&telegram), 0);
    world.script(Fault::reset().processed());
    assert_eq!(reset_of(&telegram, false).await, ErrorKind::ConnectionReset);
    assert_eq!(accepted(&telegram), 1);

    let calls = world.calls(0);
    let seen: Vec<_> = calls.iter().map(|call| (call.fault, call.processed, call.status, call.message_id)).collect();
    assert_eq!(
        seen,
        [(Some("reset"), false, None, None), (Some("reset"), false, None, None), (Some("reset"), true, None, Some(2))]
    );
}

#[tokio::test]
async fn answers_that_are_not_json() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.script(Fault::garbage());
    world.script(Fault::html(502));
    world.script(Fault::redirect("http://169.254.169.254/"));

    let garbage = telegram.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(garbage.status(), StatusCode::OK);
    let body = garbage.into_body().collect().await.unwrap().to_bytes();
    assert!(serde_json::from_slice::<Value>(&body).is_err());

    let html = telegram.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(
        (html.status(), &html.headers()["content-type"]),
        (StatusCode::BAD_GATEWAY, &"text/html".parse().unwrap())
    );
    let redirect = telegram.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(
        (redirect.status(), &redirect.headers()["location"]),
        (StatusCode::FOUND, &"http://169.254.169.254/".parse().unwrap())
    );
    assert_eq!(accepted(&telegram), 0);
}

#[tokio::test]
async fn a_refusal_may_repeat_the_token() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::echo_token(502));
    let refusal = telegram.call("sendMessage", hello()).await.refusal();
    assert_eq!(refusal.0, 502);
    assert!(refusal.1.contains(&telegram.token));
}

#[tokio::test]
async fn a_huge_body_is_as_long_as_asked_for() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::huge(100_000_000));
    let mut body = telegram.raw("sendMessage", hello()).await.unwrap().into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(length, 100_000_000);
}

#[tokio::test]
async fn a_stalled_body_starts_and_never_ends() {
    let telegram = Fixture::start().await;
    telegram.world().script(Fault::stall());
    let response = telegram.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    assert!(!body.frame().await.unwrap().unwrap().into_data().unwrap().is_empty());
    assert!(tokio::time::timeout(Duration::from_millis(200), body.frame()).await.is_err());
}
