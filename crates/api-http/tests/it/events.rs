//! Events that are published ready-made.

use std::time::Duration;

use api_http::RequestLimits;
use insta::assert_json_snapshot;
use integrations_core::Settings;
use serde_json::{Value, json};

use crate::api::{Api, Client, redacted};

fn event() -> Value {
    json!({ "type": "email.received", "address": "alerts@localhost", "from": "ada@shop.example", "subject": "Hello" })
}

fn with(field: &str, value: Value) -> Value {
    let mut event = event();
    event[field] = value;
    event
}

async fn subscribed(api: &Api) -> Client {
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    tenant.address("alerts", &[&integration]).await;
    tenant
}

#[tokio::test]
async fn an_event_is_accepted_and_delivered() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let accepted = tenant.post("/v1/events", event()).await.expect(202);
    assert_json_snapshot!("accepted_event", redacted(accepted));
    api.work().await;
    assert_eq!(api.postbox.delivered()[0].subject.as_deref(), Some("Hello"));
}

#[tokio::test]
async fn an_event_without_subscriptions_is_accepted_too() {
    let api = Api::new();
    let tenant = api.tenant().await;
    tenant.address("alerts", &[]).await;
    let accepted = tenant.post("/v1/events", event()).await.expect(202);
    assert_eq!((&accepted["dispatchCount"], &accepted["duplicate"]), (&json!(0), &json!(false)));
}

#[tokio::test]
async fn the_address_is_named_in_one_way() {
    let api = Api::new();
    let (tenant, stranger) = (subscribed(&api).await, api.tenant().await);
    let id = tenant.get("/v1/addresses").await.json()["data"][0]["id"].clone();
    let mut by_id = with("addressId", id);
    tenant.post("/v1/events", by_id.clone()).await.invalid_at("/address");
    by_id.as_object_mut().unwrap().remove("address");
    tenant.post("/v1/events", by_id.clone()).await.expect(202);
    stranger.post("/v1/events", by_id.clone()).await.problem(404, "unknown_address");
    by_id.as_object_mut().unwrap().remove("addressId");
    tenant.post("/v1/events", by_id).await.invalid_at("/address");
    tenant.post("/v1/events", with("address", json!(" Alerts@LOCALHOST "))).await.expect(202);
    for unknown in ["nobody@localhost", "nonsense", "", "a\0@localhost"] {
        tenant.post("/v1/events", with("address", json!(unknown))).await.problem(404, "unknown_address");
    }
    let mut by_id = with("addressId", json!("nonsense"));
    by_id["address"] = Value::Null;
    tenant.post("/v1/events", by_id).await.problem(404, "unknown_address");
    stranger.post("/v1/events", event()).await.problem(404, "unknown_address");
}

#[tokio::test]
async fn fields_are_checked_by_place() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let cases = [
        ("type", json!("email.sent"), "must be `email.received`"),
        ("from", json!(""), "must not be empty"),
        ("from", json!("\u{202e}\0"), "must not be empty"),
        ("from", Value::Null, "must be a string"),
        ("attachmentCount", json!(-1), "must be a whole number"),
        ("attachmentCount", json!("1"), "must be a whole number"),
        ("occurredAt", json!("yesterday"), "must be a time such as 2026-01-31T09:30:00Z (RFC 3339)"),
        ("emailId", json!(""), "must be 1 to 255 visible characters on one line"),
        ("emailId", json!("a\nb"), "must be 1 to 255 visible characters on one line"),
        ("emailId", json!("x".repeat(256)), "must be 1 to 255 visible characters on one line"),
        ("colour", json!("red"), "is not a known field"),
    ];
    for (field, value, said) in cases {
        assert_eq!(tenant.post("/v1/events", with(field, value)).await.invalid_at(&format!("/{field}")), said);
    }
}

#[tokio::test]
async fn texts_are_cleaned_and_cut() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let subject = format!("  pay\u{202e}lap\r\n{}", "x".repeat(2_000));
    tenant.post("/v1/events", with("subject", json!(subject))).await.expect(202);
    let list = tenant.get("/v1/dispatches").await.json();
    let subject = list["data"][0]["subject"].as_str().unwrap();
    assert!(subject.starts_with("paylap xxx") && subject.ends_with('…'), "{subject}");
    assert_eq!(subject.chars().count(), 998);
}

#[tokio::test]
async fn a_long_text_is_read_too() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    tenant.post("/v1/events", with("html", json!("<p>x</p>".repeat(20_000)))).await.expect(202);
}

#[tokio::test]
async fn a_key_makes_repeats_harmless() {
    let api = Api::new();
    let tenant = subscribed(&api).await.with_header("idempotency-key", "k-1");
    let first = tenant.post("/v1/events", event()).await.expect(202);
    let second = tenant.post("/v1/events", event()).await.expect(202);
    assert_eq!(second, json!({ "id": first["id"], "dispatchCount": 1, "duplicate": true }));
    // White space, order and absent fields make no difference.
    let spaced = r#" {"subject":"Hello","from":"ada@shop.example",  "text":null,
        "address":"alerts@localhost","type":"email.received"}"#;
    let third = tenant.send_json(http::Method::POST, "/v1/events", spaced).await.expect(202);
    assert_eq!(third["duplicate"], true);
    let other = tenant.post("/v1/events", with("subject", json!("Bye"))).await;
    other.problem(422, "idempotency_key_reused");
    tenant.clone().with_header("idempotency-key", "k-2").post("/v1/events", event()).await.expect(202);
    api.clock.advance(Duration::from_secs(86_400));
    let again = tenant.post("/v1/events", with("subject", json!("Bye"))).await.expect(202);
    assert_eq!(again["duplicate"], false);
}

#[tokio::test]
async fn without_a_key_the_mail_systems_identifier_does_it() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    let integration = tenant.integration("two").await;
    tenant.address("other", &[&integration]).await;
    let mail = with("emailId", json!("em_1"));
    assert_eq!(tenant.post("/v1/events", mail.clone()).await.expect(202)["duplicate"], false);
    assert_eq!(tenant.post("/v1/events", mail.clone()).await.expect(202)["duplicate"], true);
    let mut elsewhere = mail.clone();
    elsewhere["address"] = json!("other@localhost");
    assert_eq!(tenant.post("/v1/events", elsewhere).await.expect(202)["duplicate"], false);
    let mut changed = mail;
    changed["subject"] = json!("Bye");
    tenant.post("/v1/events", changed).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn the_same_key_at_the_same_moment_is_one_event() {
    let api = Api::new();
    let tenant = subscribed(&api).await.with_header("idempotency-key", "k-1");
    let asked: Vec<_> = (0..16)
        .map(|_| {
            let tenant = tenant.clone();
            tokio::spawn(async move { tenant.post("/v1/events", event()).await.expect(202) })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.unwrap());
    }
    assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"] && answer["dispatchCount"] == 1));
    assert_eq!(answers.iter().filter(|answer| answer["duplicate"] == false).count(), 1);
    assert_eq!(tenant.get("/v1/dispatches").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn keys_of_two_organizations_never_meet() {
    let api = Api::new();
    let (one, two) = (subscribed(&api).await, api.tenant().await);
    two.address("two", &[]).await;
    let (one, two) = (one.with_header("idempotency-key", "k"), two.with_header("idempotency-key", "k"));
    one.post("/v1/events", event()).await.expect(202);
    let other = two.post("/v1/events", with("address", json!("two@localhost"))).await.expect(202);
    assert_eq!(other["duplicate"], false);
}

#[tokio::test]
async fn keys_are_checked() {
    let api = Api::new();
    let tenant = subscribed(&api).await;
    for bad in ["", "a b", "a\tb", &"x".repeat(256)] {
        let client = tenant.clone().with_header("idempotency-key", bad);
        client.post("/v1/events", event()).await.problem(400, "invalid_request");
    }
    tenant.with_header("idempotency-key", &"x".repeat(255)).post("/v1/events", event()).await.expect(202);
}

#[tokio::test]
async fn too_much_that_waits_is_too_much() {
    let settings = Settings { max_waiting: 1, ..Settings::default() };
    let api = Api::with(RequestLimits::default(), settings);
    let tenant = subscribed(&api).await;
    let keyed = tenant.clone().with_header("idempotency-key", "k");
    keyed.post("/v1/events", event()).await.expect(202);
    tenant.post("/v1/events", event()).await.expect(202);
    let refused = tenant.post("/v1/events", event()).await;
    refused.problem(429, "too_much_waiting");
    assert_eq!(refused.header("retry-after"), Some("60"));
    let refused = tenant.post_mail("/v1/emails?recipient=alerts@localhost", "Subject: Hi\r\n\r\nHi").await;
    refused.problem(429, "too_much_waiting");
    assert_eq!(keyed.post("/v1/events", event()).await.expect(202)["duplicate"], true);
    api.work().await;
    tenant.post("/v1/events", event()).await.expect(202);
}
