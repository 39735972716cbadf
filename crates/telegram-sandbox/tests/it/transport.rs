//! How calls come in, and what happens to connections.

use std::time::Duration;

use serde_json::json;
use telegram_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{ADA, Fixture};

#[tokio::test]
async fn arguments_come_in_the_query_in_a_form_or_as_json() {
    let telegram = Fixture::start().await;
    let path = telegram.path("SENDMESSAGE");
    let form = "application/x-www-form-urlencoded; charset=UTF-8";
    let query = format!("{path}?chat_id={ADA}&text=a%2Bb+%C3%A9%25%zz");
    assert_eq!(telegram.get(&query).await.ok()["text"], json!("a+b é%%zz"));
    assert_eq!(telegram.post(&query, form, "text=ignored&parse_mode=".into()).await.ok()["text"], json!("a+b é%%zz"));
    let body = format!("chat_id={ADA}&text=from+a+form");
    assert_eq!(telegram.post(&path, form, body).await.ok()["text"], json!("from a form"));
    let body = format!(r#"{{"chat_id": "{ADA}", "text": 12}}"#);
    assert_eq!(telegram.post(&path, "Application/JSON; charset=utf-8", body).await.ok()["text"], json!("12"));
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let telegram = Fixture::start().await;
    let path = telegram.path("sendMessage");
    let post = |content_type, body: &str| telegram.post(&path, content_type, body.to_owned());
    post("application/json", "{").await.assert_bad("can't parse JSON object");
    post("application/json", "[]").await.assert_bad("JSON object expected");
    post("application/x-www-form-urlencoded", "text=%FF").await.assert_bad("strings must be encoded in UTF-8");
    let multipart = "the sandbox does not read multipart/form-data; send JSON or a URL-encoded form";
    post("multipart/form-data; boundary=x", "--x--").await.assert_bad(multipart);
    post("text/plain", "ignored").await.assert_bad("message text is empty");
    let large = "x".repeat((1 << 20) + 1);
    assert_eq!(post("application/json", &large).await.refusal(), (413, "Request Entity Too Large".into()));
}

#[tokio::test]
async fn one_connection_takes_many_calls() {
    let telegram = Fixture::start().await;
    let mut stream = TcpStream::connect(telegram.sandbox.addr()).await.unwrap();
    let call = format!("GET {} HTTP/1.1\r\nhost: sandbox\r\n\r\n", telegram.path("getMe"));
    for _ in 0..3 {
        stream.write_all(call.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}}") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the connection was closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_sandbox_that_stops_frees_its_port_and_ends_its_connections() {
    let telegram = Fixture::start().await;
    let addr = telegram.sandbox.addr();
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", telegram.path("getMe")).as_bytes()).await.unwrap();
    stream.read_u8().await.unwrap();

    telegram.sandbox.shutdown().await;
    let mut rest = Vec::new();
    // Whether it ends in order or with an error does not matter; it must end.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest))
        .await
        .expect("the connection is still open");
    assert!(TcpStream::connect(addr).await.is_err());
    Sandbox::start(addr).await.unwrap();
}
