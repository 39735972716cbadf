//! Integrations: made, read, changed, tested and deleted.

use insta::assert_json_snapshot;
use integrations_core::{DeliveryError, FailureKind, Settings};
use serde_json::json;

use crate::api::{Api, SECRET, integration, redacted};
use api_http::RequestLimits;

#[tokio::test]
async fn an_integration_is_made_and_read() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let made = tenant.post("/v1/integrations", integration("support")).await;
    let path = format!("/v1/integrations/{}", made.id());
    assert_json_snapshot!("integration", redacted(made.expect(201)));
    assert_eq!(tenant.get(&path).await.expect(200), made.json());
    let list = tenant.get("/v1/integrations").await;
    assert_eq!(list.expect(200), json!({ "data": [made.json()], "nextCursor": null }));
    assert!(!String::from_utf8_lossy(&list.body).contains(SECRET));
}

#[tokio::test]
async fn validation_stores_nothing_and_sends_on_demand() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let mut body = integration("support");
    let validated = tenant.post("/v1/integrations/validate", body.clone()).await.expect(200);
    assert_json_snapshot!("validation", validated);
    assert!(api.postbox.delivered().is_empty());
    body["sendTest"] = json!(true);
    tenant.post("/v1/integrations/validate", body.clone()).await.expect(200);
    assert_eq!(api.postbox.delivered().len(), 1);
    assert_eq!(tenant.get("/v1/integrations").await.expect(200)["data"], json!([]));
    tenant.post("/v1/integrations", body).await.expect(201);
    assert_eq!(api.postbox.delivered().len(), 2);
}

#[tokio::test]
async fn conflicts_have_their_codes() {
    let settings = Settings { max_integrations: 2, ..Settings::default() };
    let api = Api::with(RequestLimits::default(), settings);
    let tenant = api.tenant().await;
    tenant.integration("one").await;
    let mut same_name = integration("two");
    same_name["name"] = json!("ONE");
    tenant.post("/v1/integrations", same_name).await.problem(409, "integration_name_taken");
    let mut same_box = integration("one");
    same_box["name"] = json!("another");
    tenant.post("/v1/integrations", same_box).await.problem(409, "integration_already_connected");
    let two = tenant.integration("two").await;
    let refused = tenant.post("/v1/integrations", integration("three")).await;
    assert_json_snapshot!("limit_reached", redacted(refused.problem(409, "integration_limit_reached")));
    let renamed = tenant.patch(&format!("/v1/integrations/{two}"), json!({ "name": "One" })).await;
    renamed.problem(409, "integration_name_taken");
}

#[tokio::test]
async fn the_form_is_checked_by_place() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let make = |body| tenant.post("/v1/integrations", body);
    assert_eq!(make(json!({})).await.invalid_at("/provider"), "is required");
    let mut body = integration("a");
    body["provider"] = json!("pigeon");
    assert_eq!(make(body).await.invalid_at("/provider"), "must be one of: postbox");
    let mut body = integration("a");
    body["config"]["colour"] = json!("red");
    assert_eq!(make(body).await.invalid_at("/config/colour"), "is not a known field");
    let mut body = integration("a");
    body["config"] = json!({ "slot": 7, "key": [SECRET] });
    let refused = make(body).await;
    assert_eq!(refused.invalid_at("/config/slot"), "must be a string");
    assert_eq!(refused.invalid_at("/config/key"), "must be a string");
    let mut body = integration("a");
    body["colour"] = json!("red");
    assert_eq!(make(body).await.invalid_at("/colour"), "is not a known field");
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let path = format!("/v1/integrations/{}", tenant.integration("one").await);
    let before = tenant.get(&path).await.json();
    assert_eq!(tenant.patch(&path, json!({})).await.expect(200)["name"], before["name"]);
    let renamed = tenant.patch(&path, json!({ "name": "Other" })).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["publicConfig"]), (&json!("Other"), &before["publicConfig"]));

    let paused = tenant.patch(&path, json!({ "status": "paused" })).await.expect(200);
    assert_eq!(paused["status"], "paused");
    let active = tenant.patch(&path, json!({ "status": "active" })).await.expect(200);
    assert_eq!(active["status"], "active");

    let refused = tenant.patch(&path, json!({ "config": { "slot": "two" } })).await;
    assert!(refused.invalid_at("/config/key").starts_with("must be given again"));
    let moved = tenant.patch(&path, json!({ "config": { "slot": "two", "key": SECRET } })).await.expect(200);
    assert_eq!(moved["publicConfig"]["slot"], "two");
    assert_eq!(tenant.get(&path).await.json(), moved);
}

#[tokio::test]
async fn null_is_not_absent() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let path = format!("/v1/integrations/{}", tenant.integration("one").await);
    for field in ["name", "config", "status"] {
        tenant.patch(&path, json!({ field: null })).await.invalid_at(&format!("/{field}"));
    }
    for status in ["disabled", "Active", ""] {
        let said = tenant.patch(&path, json!({ "status": status })).await.invalid_at("/status");
        assert_eq!(said, "must be `active` or `paused`");
    }
}

#[tokio::test]
async fn activation_is_verified() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let path = format!("/v1/integrations/{}", tenant.integration("one").await);
    tenant.patch(&path, json!({ "status": "paused" })).await.expect(200);
    api.postbox.judge(Some(DeliveryError::new(FailureKind::Unauthorized, "the key does not fit")));
    let refused = tenant.patch(&path, json!({ "status": "active" })).await.problem(400, "provider_rejected");
    assert_eq!(refused["detail"], "the key does not fit");
    assert_eq!(tenant.get(&path).await.json()["status"], "paused");
}

#[tokio::test]
async fn a_test_message_is_sent() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let path = format!("/v1/integrations/{}/test", tenant.integration("one").await);
    let sent = tenant.post(&path, json!({})).await.expect(200);
    assert_eq!(sent, json!({ "delivered": true, "remoteId": "1" }));
    api.postbox.fail_next(DeliveryError::new(FailureKind::Unavailable, "the post office is closed"));
    let refused = tenant.post(&path, json!({})).await.problem(502, "provider_unavailable");
    assert_eq!(refused["detail"], "the post office is closed");
}

#[tokio::test]
async fn a_deleted_integration_tells_what_went_with_it() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let id = tenant.integration("one").await;
    let address = tenant.address("alerts", &[&id]).await;
    tenant.dispatch_at(&address).await;
    assert_eq!(tenant.get(&format!("/v1/integrations/{id}")).await.json()["addressCount"], 1);
    let deleted = tenant.delete(&format!("/v1/integrations/{id}")).await.expect(200);
    assert_eq!(deleted, json!({ "id": id, "deleted": true, "clearedAddressCount": 1, "canceledDispatchCount": 1 }));
    tenant.delete(&format!("/v1/integrations/{id}")).await.problem(404, "not_found");
    tenant.get(&format!("/v1/integrations/{id}")).await.problem(404, "not_found");
}
