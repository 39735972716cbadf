//! Input that is wrong in every way we could think of: a clear problem, and never a 5xx.

use api_http::RequestLimits;
use axum::body::Body;
use bytes::Bytes;
use http::Method;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::api::{Api, Client, redacted};

async fn post(client: &Client, body: impl Into<Body>) -> crate::api::Reply {
    client.send_json(Method::POST, "/v1/organizations", body).await
}

#[tokio::test]
async fn malformed_json_is_400() {
    let api = Api::new();
    let admin = api.admin();
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"name":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    for bad in ["", " ", "{", "nonsense", r#"{"name":"a""#, r#"{"name":"a"} x"#, r#"{"name":"\ud800"}"#, &deep, &nested]
    {
        post(&admin, bad.to_owned()).await.problem(400, "invalid_json");
    }
    for bad in [&b"{\"name\":\"\xff\"}"[..], b"\0", b"\xef\xbb\xbf{}"] {
        post(&admin, Bytes::copy_from_slice(bad)).await.problem(400, "invalid_json");
    }
    assert_json_snapshot!("invalid_json", redacted(post(&admin, "{\"name\": }").await.problem(400, "invalid_json")));
}

#[tokio::test]
async fn a_body_is_an_object() {
    let api = Api::new();
    for bad in ["null", "[]", r#"["Acme"]"#, "7", "\"Acme\""] {
        assert_eq!(post(&api.admin(), bad).await.invalid_at(""), "must be an object");
    }
}

#[tokio::test]
async fn fields_are_known_and_of_their_kind() {
    let api = Api::new();
    let admin = api.admin();
    let refused = post(&admin, r#"{"name":"Acme","color":"red"}"#).await;
    assert_eq!(refused.invalid_at("/color"), "is not a known field");
    assert_json_snapshot!("invalid_request", redacted(refused.json()));
    assert_eq!(post(&admin, "{}").await.invalid_at("/name"), "is required");
    assert_eq!(post(&admin, r#"{"name":7}"#).await.invalid_at("/name"), "must be a string");
    assert_eq!(post(&admin, r#"{"name":null}"#).await.invalid_at("/name"), "must be a string");
}

#[tokio::test]
async fn other_media_types_are_415() {
    let api = Api::new();
    for good in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
        let client = api.admin().with_header("content-type", good);
        client.ask(Method::POST, "/v1/organizations", r#"{"name":"Acme"}"#).await.expect(201);
    }
    api.admin().ask(Method::POST, "/v1/organizations", r#"{"name":"Acme"}"#).await.expect(201);
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "", "application/xml"] {
        let client = api.admin().with_header("content-type", bad);
        let refused = client.ask(Method::POST, "/v1/organizations", r#"{"name":"Acme"}"#).await;
        refused.problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn too_large_a_body_is_413() {
    let api = Api::new();
    let most = (1 << 20) - r#"{"name":""}"#.len();
    let body = |length| format!(r#"{{"name":"{}"}}"#, "x".repeat(length));
    post(&api.admin(), body(most)).await.invalid_at("/name");
    post(&api.admin(), body(most + 1)).await.problem(413, "payload_too_large");
    let pieces = [(); 3].map(|()| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 1 << 19])));
    let unannounced = Body::from_stream(futures_util::stream::iter(pieces));
    post(&api.admin(), unannounced).await.problem(413, "payload_too_large");
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stands_still_is_refused() {
    let limits = RequestLimits { json_time: std::time::Duration::from_millis(5), ..RequestLimits::default() };
    let api = Api::limited(limits);
    let broken = futures_util::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("the peer went away"))]);
    post(&api.admin(), Body::from_stream(broken)).await.problem(400, "invalid_request");
    let still = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    post(&api.admin(), Body::from_stream(still)).await.problem(408, "request_timeout");
}

#[tokio::test]
async fn identifiers_that_are_none_read_like_absent_ones() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let absent = "0".repeat(32);
    for (list, prefix) in
        [("integrations", "int"), ("addresses", "addr"), ("dispatches", "dsp"), ("organizations", "org")]
    {
        let expected = tenant.get(&format!("/v1/{list}/{prefix}_{absent}")).await.problem(404, "not_found");
        let long = "x".repeat(5_000);
        for bad in [
            "nonsense",
            "%00",
            "%ff%fe",
            "..%2f..",
            &format!("{prefix}_{}", absent.replace('0', "A")),
            "%E2%80%AE",
            &long,
        ] {
            let said = tenant.get(&format!("/v1/{list}/{bad}")).await.problem(404, "not_found");
            assert_eq!(said["detail"], expected["detail"]);
        }
    }
}

#[tokio::test]
async fn foreign_identifiers_read_like_absent_ones() {
    let api = Api::new();
    let (one, two) = (api.tenant().await, api.tenant().await);
    let integration = one.integration("one").await;
    let address = one.address("alerts", &[&integration]).await;
    let dispatch = one.dispatch_at(&address).await;
    let (key, _) = one.key(&["read"]).await;
    two.patch(&format!("/v1/integrations/{integration}"), json!({ "name": "mine" })).await.problem(404, "not_found");
    two.post(&format!("/v1/integrations/{integration}/test"), json!({})).await.problem(404, "not_found");
    two.delete(&format!("/v1/integrations/{integration}")).await.problem(404, "not_found");
    two.delete(&format!("/v1/addresses/{address}")).await.problem(404, "not_found");
    two.delete(&format!("/v1/api-keys/{key}")).await.problem(404, "not_found");
    two.post(&format!("/v1/dispatches/{dispatch}/cancel"), json!({})).await.problem(404, "not_found");
    two.post(&format!("/v1/dispatches/{dispatch}/replay"), json!({})).await.problem(404, "not_found");
    let seen = two.get(&format!("/v1/dispatches?integrationId={integration}")).await.expect(200);
    assert_eq!(seen["data"], json!([]));
    api.work().await;
    assert_eq!(api.postbox.delivered().len(), 1);
}
