//! Providers and the places that they can send to.

use std::time::Duration;

use insta::assert_json_snapshot;
use integrations_core::{DeliveryError, FailureKind};
use serde_json::json;

use crate::api::{Api, SECRET, integration};

#[tokio::test]
async fn providers_describe_themselves() {
    let api = Api::new();
    let (_, reader) = api.tenant().await.key(&["read"]).await;
    let list = reader.get("/v1/providers").await.expect(200);
    assert_json_snapshot!("providers", list);
    assert_eq!(reader.get("/v1/providers/postbox").await.expect(200), list["data"][0]);
    for absent in ["pigeon", "%00", "%ff", "a%2Fb"] {
        reader.get(&format!("/v1/providers/{absent}")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn targets_need_the_credentials_alone() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let targets = tenant.post("/v1/providers/postbox/targets", json!({ "config": { "key": SECRET } })).await;
    assert_json_snapshot!("targets", targets.expect(200));
    let ask = |body| tenant.post("/v1/providers/postbox/targets", body);
    assert_eq!(ask(json!({ "config": {} })).await.invalid_at("/config/key"), "is required");
    assert_eq!(ask(json!({ "config": { "key": [SECRET] } })).await.invalid_at("/config/key"), "must be a string");
    assert_eq!(ask(json!({ "config": SECRET })).await.invalid_at("/config"), "must be an object");
    tenant.post("/v1/providers/pigeon/targets", json!({ "config": {} })).await.problem(404, "not_found");
}

#[tokio::test]
async fn calls_that_reach_a_provider_are_limited_per_key() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let ((_, one), (_, other)) = (tenant.key(&["manage"]).await, tenant.key(&["manage"]).await);
    for _ in 0..60 {
        one.post("/v1/integrations/validate", integration("a")).await.expect(200);
    }
    let refused = one.post("/v1/integrations/validate", integration("a")).await;
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let credentials = json!({ "config": { "key": SECRET } });
    one.post("/v1/providers/postbox/targets", credentials.clone()).await.problem(429, "rate_limited");
    other.post("/v1/providers/postbox/targets", credentials).await.expect(200);
    tenant.post("/v1/integrations/validate", integration("a")).await.expect(200);
    api.clock.advance(Duration::from_secs(1));
    one.post("/v1/integrations/validate", integration("a")).await.expect(200);
}

/// Saving verifies, so it could be used to try out credentials as well.
#[tokio::test]
async fn saving_counts_as_a_call_that_reaches_a_provider() {
    let api = Api::new();
    let (_, one) = api.tenant().await.key(&["manage"]).await;
    let path = format!("/v1/integrations/{}", one.integration("one").await);
    let verified = [json!({ "config": {} }), json!({ "status": "active" })];
    for number in 0..59 {
        one.patch(&path, verified[number % 2].clone()).await.expect(200);
    }
    for change in verified {
        one.patch(&path, change).await.problem(429, "rate_limited");
    }
    one.post("/v1/integrations", integration("two")).await.problem(429, "rate_limited");
    one.patch(&path, json!({ "name": "Other", "status": "paused" })).await.expect(200);
    api.clock.advance(Duration::from_secs(1));
    one.post("/v1/integrations", integration("two")).await.expect(201);
}

#[tokio::test]
async fn what_the_service_says_is_told() {
    use FailureKind as Kind;
    let api = Api::new();
    let tenant = api.tenant().await;
    let cases = [
        (Kind::Unauthorized, 400, "provider_rejected"),
        (Kind::Rejected, 400, "provider_rejected"),
        (Kind::Gone, 400, "provider_rejected"),
        (Kind::Misconfigured, 400, "provider_rejected"),
        (Kind::Moved, 400, "provider_rejected"),
        (Kind::Throttled, 502, "provider_unavailable"),
        (Kind::Unavailable, 502, "provider_unavailable"),
        (Kind::Timeout, 502, "provider_unavailable"),
        (Kind::Unconfirmed, 502, "provider_unavailable"),
    ];
    for (kind, status, code) in cases {
        let said = format!("Not with {SECRET}\0!");
        api.postbox.judge(Some(DeliveryError::new(kind, said).with_retry_after(Some(Duration::from_millis(1_500)))));
        for path in ["/v1/integrations/validate", "/v1/integrations"] {
            let refused = tenant.post(path, integration("a")).await;
            let problem = refused.problem(status, code);
            assert!(problem["detail"].as_str().unwrap().starts_with("Not with "), "{problem}");
            assert_eq!(refused.header("retry-after"), Some("2"));
        }
    }
}
