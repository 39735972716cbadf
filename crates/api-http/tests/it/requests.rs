//! What holds for every request: identifiers, headers, unknown paths, faults of our own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api_http::{RequestLimits, router};
use axum::body::Body;
use http::Method;
use insta::assert_json_snapshot;
use integrations_core::{
    DeliveryError, Egress, EventType, Message, Platform, Provider, Receipt, Registry, Settings,
    provider::{Description, Target, Verified},
};
use integrations_testkit::clock::ManualClock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{Api, ports, redacted, state};

#[tokio::test]
async fn a_request_keeps_its_identifier_if_it_is_fit() {
    let api = Api::new();
    for fit in ["a", "req-1.2_3", &"x".repeat(64)] {
        let reply = api.admin().with_header("x-request-id", fit).get("/v1/providers").await;
        assert_eq!(reply.header("x-request-id"), Some(fit));
        let refused = api.nobody().with_header("x-request-id", fit).get("/v1/providers").await;
        assert_eq!(refused.problem(401, "unauthorized")["requestId"], fit);
    }
    for unfit in ["", "a b", "a\"b", "ä", &"x".repeat(65)] {
        let reply = api.admin().with_header("x-request-id", unfit).get("/v1/providers").await;
        assert!(reply.header("x-request-id").unwrap().starts_with("req_"));
    }
    let [one, other] = [api.nobody().get("/livez").await, api.nobody().get("/livez").await];
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn nothing_is_to_be_kept_by_caches() {
    let api = Api::new();
    for path in ["/livez", "/v1/providers", "/v1/organizations", "/nowhere"] {
        assert_eq!(api.admin().get(path).await.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let api = Api::new();
    for path in ["/", "/v1", "/v1/", "/v2/addresses", "/v1/addresses/", "/v1/addresses/a/b", "//v1/addresses", "/%00"] {
        api.admin().get(path).await.problem(404, "not_found");
    }
    for path in ["/metrics", "/v1/secrets"] {
        api.admin().get(path).await.problem(404, "not_found");
    }
    let refused = api.admin().ask(Method::PUT, "/v1/addresses", Body::empty()).await;
    assert_json_snapshot!("method_not_allowed", redacted(refused.problem(405, "method_not_allowed")));
    let mut allowed: Vec<_> = refused.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let head = api.admin().ask(Method::HEAD, "/v1/organizations", Body::empty()).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    let head = api.nobody().ask(Method::HEAD, "/v1/organizations", Body::empty()).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (401, 0));
}

#[tokio::test]
async fn a_server_that_shuts_down_is_alive_but_not_ready() {
    let wanted = Arc::new(AtomicBool::new(true));
    let ready = wanted.clone();
    let mut api = Api::new();
    let limits = RequestLimits::default();
    api.router = router(state(api.platform.clone(), limits, move || ready.load(Ordering::SeqCst)));
    assert_eq!(api.nobody().get("/readyz").await.expect(200), json!({ "status": "ok" }));
    wanted.store(false, Ordering::SeqCst);
    api.nobody().get("/readyz").await.problem(503, "shutting_down");
    assert_eq!(api.nobody().get("/livez").await.expect(200), json!({ "status": "ok" }));
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let short = Duration::from_millis(5);
    let api = Api::limited(RequestLimits { json_time: short, handling_time: short, ..RequestLimits::default() });
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    api.postbox.hang("one");
    let reply = tenant.post(&format!("/v1/integrations/{integration}/test"), json!({})).await;
    reply.problem(503, "timed_out");
    assert_eq!(reply.header("retry-after"), Some("2"));
}

/// A provider with a fault in its code.
struct Faulty;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

impl Provider for Faulty {
    const KIND: &'static str = "faulty";
    type Config = Nothing;
    type Secret = Nothing;

    fn describe(&self) -> Description {
        Description {
            name: "Faulty",
            event_types: EventType::ALL,
            setup: "Do not.",
            destination_fields: &[],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, _: &Target<'_, Self>) -> Result<Verified<Nothing>, DeliveryError> {
        panic!("a secret that is not to be seen")
    }

    async fn deliver(&self, _: &Target<'_, Self>, _: &Message<'_>) -> Result<Receipt, DeliveryError> {
        panic!("a secret that is not to be seen")
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_lives() {
    let mut api = Api::new();
    let ports = ports(Arc::new(ManualClock::new()));
    let platform = Platform::new(ports, Registry::new().with(Faulty), Settings::default());
    api.router = router(state(platform, RequestLimits::default(), || true));
    let tenant = api.tenant().await;
    let body = json!({ "provider": "faulty", "name": "a", "config": {} });
    let refused = tenant.post("/v1/integrations/validate", body.clone()).await;
    assert_json_snapshot!("internal", redacted(refused.problem(500, "internal")));
    tenant.post("/v1/integrations", body).await.problem(500, "internal");
    tenant.get("/v1/integrations").await.expect(200);
}
