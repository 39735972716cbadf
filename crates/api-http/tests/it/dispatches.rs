//! Dispatches: read, filtered, replayed and canceled.

use std::{slice, time::Duration};

use http::StatusCode;
use insta::assert_json_snapshot;
use integrations_core::{DeliveryError, FailureKind};
use serde_json::{Value, json};

use crate::api::{Api, Client, redacted};

async fn subscribed(api: &Api) -> (Client, String) {
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    let address = tenant.address("alerts", &[&integration]).await;
    (tenant, address)
}

fn rejection() -> DeliveryError {
    DeliveryError::new(FailureKind::Rejected, "too long").with_status(StatusCode::BAD_REQUEST)
}

async fn status(tenant: &Client, id: &str) -> Value {
    tenant.get(&format!("/v1/dispatches/{id}")).await.expect(200)["status"].clone()
}

#[tokio::test]
async fn a_dispatch_is_read_with_its_attempts() {
    let api = Api::new();
    let (tenant, address) = subscribed(&api).await;
    let id = tenant.dispatch_at(&address).await;
    let path = format!("/v1/dispatches/{id}");
    assert_json_snapshot!("dispatch_pending", redacted(tenant.get(&path).await.expect(200)));
    let busy = DeliveryError::new(FailureKind::Throttled, "slow down").with_status(StatusCode::TOO_MANY_REQUESTS);
    api.postbox.fail_next(busy.with_retry_after(Some(Duration::from_secs(90))));
    api.work().await;
    assert_json_snapshot!("dispatch_throttled", redacted(tenant.get(&path).await.expect(200)));
    api.clock.advance(Duration::from_secs(100));
    api.work().await;
    assert_json_snapshot!("dispatch_delivered", redacted(tenant.get(&path).await.expect(200)));
}

#[tokio::test]
async fn lists_are_filtered_and_newest_first() {
    let api = Api::new();
    let (tenant, alerts) = subscribed(&api).await;
    let integration = tenant.integration("two").await;
    let ops = tenant.address("ops", &[&integration]).await;
    let (first, second) = (tenant.dispatch_at(&alerts).await, tenant.dispatch_at(&ops).await);
    tenant.post(&format!("/v1/dispatches/{first}/cancel"), json!({})).await.expect(200);
    let list = async |filter: &str| -> Vec<String> {
        let list = tenant.get(&format!("/v1/dispatches?{filter}")).await.expect(200);
        list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list("").await, [second.clone(), first.clone()]);
    assert_eq!(list(&format!("addressId={alerts}")).await, slice::from_ref(&first));
    assert_eq!(list(&format!("integrationId={integration}")).await, slice::from_ref(&second));
    assert_eq!(list("status=pending").await, [second]);
    assert_eq!(list("status=canceled").await, [first]);
    assert!(list(&format!("status=canceled&addressId={ops}")).await.is_empty());
    for absent in ["addressId=addr_00000000000000000000000000000000", "addressId=nonsense", "integrationId=%00"] {
        assert!(list(absent).await.is_empty());
    }
    tenant.get("/v1/dispatches?status=sent").await.problem(400, "invalid_request");
    tenant.get("/v1/dispatches?status=failed&status=failed").await.problem(400, "invalid_request");
}

#[tokio::test]
async fn what_failed_is_replayed() {
    let api = Api::new();
    let (tenant, address) = subscribed(&api).await;
    let id = tenant.dispatch_at(&address).await;
    let path = format!("/v1/dispatches/{id}/replay");
    let refused = tenant.post(&path, json!({})).await.problem(409, "dispatch_not_replayable");
    assert_json_snapshot!("not_replayable", redacted(refused));
    api.postbox.fail_next(rejection());
    api.work().await;
    assert_eq!(status(&tenant, &id).await, "failed");
    let replayed = tenant.post(&path, json!({})).await.expect(200);
    assert_eq!((&replayed["status"], &replayed["statusReason"]), (&json!("pending"), &Value::Null));
    api.work().await;
    assert_eq!(status(&tenant, &id).await, "delivered");
    tenant.post(&path, json!({})).await.problem(409, "dispatch_not_replayable");
}

#[tokio::test]
async fn what_waits_is_canceled() {
    let api = Api::new();
    let (tenant, address) = subscribed(&api).await;
    let id = tenant.dispatch_at(&address).await;
    let path = format!("/v1/dispatches/{id}/cancel");
    let canceled = tenant.post(&path, json!({})).await.expect(200);
    assert_eq!((&canceled["status"], &canceled["statusReason"]), (&json!("canceled"), &json!("requested")));
    let refused = tenant.post(&path, json!({})).await.problem(409, "dispatch_not_cancelable");
    assert!(refused["detail"].as_str().unwrap().ends_with("This one is canceled."), "{refused}");
    api.work().await;
    assert!(api.postbox.delivered().is_empty());
    tenant.post(&format!("/v1/dispatches/{id}/replay"), json!({})).await.expect(200);
}

#[tokio::test]
async fn an_open_attempt_is_not_canceled() {
    let api = Api::new();
    let (tenant, address) = subscribed(&api).await;
    let id = tenant.dispatch_at(&address).await;
    let taken = api.platform.take(1).await.unwrap();
    assert_eq!(taken.attempts.len(), 1);
    let refused = tenant.post(&format!("/v1/dispatches/{id}/cancel"), json!({})).await;
    refused.problem(409, "dispatch_not_cancelable");
    assert_eq!(status(&tenant, &id).await, "delivering");
}

#[tokio::test]
async fn a_dispatch_of_a_deleted_integration_is_not_replayed() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    let address = tenant.address("alerts", &[&integration]).await;
    let id = tenant.dispatch_at(&address).await;
    tenant.delete(&format!("/v1/integrations/{integration}")).await.expect(200);
    let canceled = tenant.get(&format!("/v1/dispatches/{id}")).await.expect(200);
    assert_eq!(canceled["statusReason"], "integration_deleted");
    let refused = tenant.post(&format!("/v1/dispatches/{id}/replay"), json!({})).await;
    let problem = refused.problem(409, "dispatch_not_replayable");
    assert!(problem["detail"].as_str().unwrap().ends_with("integration or address is deleted."), "{problem}");
}
