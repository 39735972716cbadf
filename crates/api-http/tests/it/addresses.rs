//! Addresses and what they subscribe.

use api_http::RequestLimits;
use insta::assert_json_snapshot;
use integrations_core::Settings;
use serde_json::{Value, json};

use crate::api::{Api, Client, redacted, subscription};

#[tokio::test]
async fn an_address_is_made_and_read() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let (b, a) = (tenant.integration("b").await, tenant.integration("a").await);
    tenant.patch(&format!("/v1/integrations/{b}"), json!({ "status": "paused" })).await.expect(200);
    let body = json!({
        "localPart": " Alerts+Ops ",
        "integrationSubscriptions": [subscription(&b), subscription(&a), subscription(&b)],
    });
    let made = tenant.post("/v1/addresses", body).await;
    assert_json_snapshot!("address", redacted(made.expect(201)));
    let path = format!("/v1/addresses/{}", made.id());
    assert_eq!(tenant.get(&path).await.expect(200), made.json());
    assert_eq!(tenant.get("/v1/addresses").await.expect(200)["data"], json!([made.json()]));
    assert_eq!(tenant.delete(&path).await.expect(200), json!({ "id": made.id(), "deleted": true }));
    tenant.get(&path).await.problem(404, "not_found");
    tenant.delete(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn addresses_are_unique_in_the_installation() {
    let api = Api::new();
    let (one, other) = (api.tenant().await, api.tenant().await);
    one.address("alerts", &[]).await;
    other.post("/v1/addresses", json!({ "localPart": "ALERTS" })).await.problem(409, "address_taken");
}

#[tokio::test]
async fn names_and_domains_are_checked() {
    let settings =
        Settings { email_domains: vec!["in.example".to_owned(), "b.example".to_owned()], ..Settings::default() };
    let api = Api::with(RequestLimits::default(), settings);
    let tenant = api.tenant().await;
    let made = tenant.post("/v1/addresses", json!({ "localPart": "a", "domain": "B.example" })).await.expect(201);
    assert_eq!(made["address"], "a@b.example");
    let made = tenant.post("/v1/addresses", json!({ "localPart": "a", "domain": null })).await.expect(201);
    assert_eq!(made["domain"], "in.example");
    let refused = tenant.post("/v1/addresses", json!({ "localPart": "a", "domain": "c.example" })).await;
    assert_eq!(refused.invalid_at("/domain"), "must be one of: in.example, b.example");
    for bad in ["", "a b", "a@b", ".a", "a..b", "ä", "a\0", &"x".repeat(65)] {
        tenant.post("/v1/addresses", json!({ "localPart": bad })).await.invalid_at("/localPart");
    }
}

#[tokio::test]
async fn reading_and_writing_back_changes_nothing() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let (one, two) = (tenant.integration("one").await, tenant.integration("two").await);
    tenant.patch(&format!("/v1/integrations/{two}"), json!({ "status": "paused" })).await.expect(200);
    let id = tenant.address("alerts", &[&one, &two]).await;
    let dispatch = tenant.dispatch_at(&id).await;
    let path = format!("/v1/addresses/{id}");
    let before = tenant.get(&path).await.expect(200);
    let back = json!({ "integrationSubscriptions": before["integrationSubscriptions"] });
    assert_eq!(tenant.patch(&path, back).await.expect(200), before);
    assert_eq!(tenant.get(&format!("/v1/dispatches/{dispatch}")).await.expect(200)["status"], "pending");
}

async fn subscribed(tenant: &Client, path: &str, change: Value) -> usize {
    let changed = tenant.patch(path, change).await.expect(200);
    changed["integrationSubscriptions"].as_array().unwrap().len()
}

#[tokio::test]
async fn absent_leaves_empty_clears_and_a_set_replaces() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let (one, two) = (tenant.integration("one").await, tenant.integration("two").await);
    let path = format!("/v1/addresses/{}", tenant.address("alerts", &[&one]).await);
    assert_eq!(subscribed(&tenant, &path, json!({})).await, 1);
    let repeated = json!({ "integrationSubscriptions": [subscription(&one), subscription(&two), subscription(&one)] });
    assert_eq!(subscribed(&tenant, &path, repeated).await, 2);
    assert_eq!(subscribed(&tenant, &path, json!({ "integrationSubscriptions": [] })).await, 0);
    tenant.patch(&path, json!({ "integrationSubscriptions": null })).await.invalid_at("/integrationSubscriptions");
}

#[tokio::test]
async fn an_unknown_integration_reads_the_same_whatever_it_is() {
    let api = Api::new();
    let (tenant, stranger) = (api.tenant().await, api.tenant().await);
    let (own, foreign) = (tenant.integration("one").await, stranger.integration("one").await);
    let deleted = tenant.integration("two").await;
    tenant.delete(&format!("/v1/integrations/{deleted}")).await.expect(200);
    let path = format!("/v1/addresses/{}", tenant.address("alerts", &[&own]).await);
    let mut said = Vec::new();
    for unknown in [&foreign, &deleted, "int_00000000000000000000000000000000", "nonsense", "\0"] {
        let set = json!({ "integrationSubscriptions": [subscription(&own), subscription(unknown)] });
        let refused = tenant.patch(&path, set.clone()).await.problem(400, "unknown_integration");
        said.push(refused["detail"].clone());
        let mut address = set;
        address["localPart"] = json!("other");
        tenant.post("/v1/addresses", address).await.problem(400, "unknown_integration");
    }
    said.dedup();
    assert_eq!(said.len(), 1);
    assert_eq!(subscribed(&tenant, &path, json!({})).await, 1);
    assert_eq!(tenant.get("/v1/addresses").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn subscriptions_are_checked_by_place() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let path = format!("/v1/addresses/{}", tenant.address("alerts", &[]).await);
    let set = |item| tenant.patch(&path, json!({ "integrationSubscriptions": [item] }));
    let at = "/integrationSubscriptions/0";
    assert_eq!(set(json!({ "integrationId": "x" })).await.invalid_at(&format!("{at}/eventType")), "is required");
    let said = set(json!({ "integrationId": "x", "eventType": "email.sent" })).await;
    assert_eq!(said.invalid_at(&format!("{at}/eventType")), "must be `email.received`");
    let mut unknown = subscription("x");
    unknown["enabled"] = json!(true);
    assert_eq!(set(unknown).await.invalid_at(&format!("{at}/enabled")), "is not a known field");
    tenant.patch("/v1/addresses/addr_00000000000000000000000000000000", json!({})).await.problem(404, "not_found");
}
