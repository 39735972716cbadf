//! Organizations and API keys, and what may be done with which.

use std::time::Duration;

use insta::assert_json_snapshot;
use serde_json::json;

use crate::api::{Api, integration, redacted};

#[tokio::test]
async fn organizations_are_made_read_listed_and_erased() {
    let api = Api::new();
    let made = api.admin().post("/v1/organizations", json!({ "name": "  Acme \u{202e}Inc. " })).await;
    let id = made.id().to_owned();
    assert_json_snapshot!("organization", redacted(made.expect(201)));
    assert_eq!(api.admin().get(&format!("/v1/organizations/{id}")).await.expect(200), made.json());
    assert_eq!(
        api.admin().get("/v1/organizations").await.expect(200),
        json!({ "data": [made.json()], "nextCursor": null })
    );
    let deleted = api.admin().delete(&format!("/v1/organizations/{id}")).await;
    assert_eq!(deleted.expect(200), json!({ "id": id, "deleted": true }));
    for _ in 0..2 {
        api.admin().delete(&format!("/v1/organizations/{id}")).await.problem(404, "not_found");
    }
    api.admin().get(&format!("/v1/organizations/{id}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn names_are_checked() {
    let api = Api::new();
    for bad in ["", " \u{200b} ", &"x".repeat(65)] {
        api.admin().post("/v1/organizations", json!({ "name": bad })).await.invalid_at("/name");
    }
    let tenant = api.tenant().await;
    tenant.post("/v1/api-keys", json!({ "name": "", "scopes": ["read"] })).await.invalid_at("/name");
}

#[tokio::test]
async fn a_key_is_shown_once() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let made = tenant.post("/v1/api-keys", json!({ "name": "mail server", "scopes": ["publish", "read"] })).await;
    let mut body = made.expect(201);
    let text = body["key"].take();
    let text = text.as_str().unwrap();
    assert!(text.starts_with("intk_") && text.len() > 70, "{text}");
    assert_json_snapshot!("created_api_key", redacted(body));
    let list = tenant.get("/v1/api-keys").await;
    assert!(!String::from_utf8_lossy(&list.body).contains(text));
    assert_json_snapshot!("api_keys", redacted(list.expect(200)));
}

#[tokio::test]
async fn scopes_must_be_known_and_some() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let make = |scopes| tenant.post("/v1/api-keys", json!({ "name": "key", "scopes": scopes }));
    assert_eq!(make(json!(["read", "admin"])).await.invalid_at("/scopes/1"), "must be one of read, publish, manage");
    make(json!([])).await.invalid_at("/scopes");
    make(json!("read")).await.invalid_at("/scopes");
    make(json!([7])).await.invalid_at("/scopes/0");
}

#[tokio::test]
async fn manage_includes_the_other_scopes() {
    let api = Api::new();
    let (_, manager) = api.tenant().await.key(&["manage"]).await;
    manager.get("/v1/addresses").await.expect(200);
    manager
        .post("/v1/events", json!({ "type": "email.received", "address": "a@b.c", "from": "x" }))
        .await
        .problem(404, "unknown_address");
    let (_, publisher) = manager.key(&["publish"]).await;
    let refused = publisher.get("/v1/addresses").await.problem(403, "insufficient_scope");
    assert_eq!(refused["detail"], "This needs the scope read.");
    publisher.get("/v1/organizations").await.problem(403, "insufficient_scope");
    manager.get("/v1/organizations").await.problem(403, "insufficient_scope");
}

#[tokio::test]
async fn a_deleted_key_is_dead_at_once() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let (id, client) = tenant.key(&["read"]).await;
    client.get("/v1/addresses").await.expect(200);
    tenant.delete(&format!("/v1/api-keys/{id}")).await.expect(200);
    let refused = client.get("/v1/addresses").await;
    refused.problem(401, "unauthorized");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    tenant.delete(&format!("/v1/api-keys/{id}")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_key_that_another_process_deleted_is_dead_within_seconds() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let (id, client) = tenant.key(&["read"]).await;
    client.get("/v1/addresses").await.expect(200);
    let organization = api.admin().get("/v1/organizations").await.expect(200)["data"][0]["id"].clone();
    let organization = organization.as_str().unwrap().parse().unwrap();
    api.platform.delete_api_key(organization, id.parse().unwrap()).await.unwrap();
    // Until then the store is not asked, which keeps publishing cheap.
    client.get("/v1/addresses").await.expect(200);
    api.clock.advance(Duration::from_secs(5));
    client.get("/v1/addresses").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn in_an_organization_that_another_process_erased_nothing_is_done() {
    let api = Api::new();
    let organization = api.admin().post("/v1/organizations", json!({ "name": "Acme" })).await;
    let tenant = api.admin().naming(organization.id());
    tenant.address("alerts", &[]).await;
    api.platform.delete_organization(organization.id().parse().unwrap()).await.unwrap();
    // Until then the store is not asked, which keeps publishing cheap.
    assert_eq!(tenant.get("/v1/addresses").await.expect(200)["data"], json!([]));
    tenant.post("/v1/addresses", json!({ "localPart": "alerts" })).await.problem(404, "not_found");
    tenant.post("/v1/integrations", integration("a")).await.problem(404, "not_found");
    tenant.post("/v1/api-keys", json!({ "name": "key", "scopes": ["read"] })).await.problem(404, "not_found");
    let mail = tenant.post_mail("/v1/emails?recipient=alerts@localhost", "Subject: Hi\r\n\r\nHi").await;
    mail.problem(404, "unknown_address");
    api.clock.advance(Duration::from_secs(60));
    tenant.get("/v1/addresses").await.problem(404, "not_found");
}

#[tokio::test]
async fn the_keys_of_an_erased_organization_are_dead() {
    let api = Api::new();
    let organization = api.admin().post("/v1/organizations", json!({ "name": "Acme" })).await;
    let tenant = api.admin().naming(organization.id());
    let (_, client) = tenant.key(&["manage"]).await;
    client.get("/v1/addresses").await.expect(200);
    api.admin().delete(&format!("/v1/organizations/{}", organization.id())).await.expect(200);
    client.get("/v1/addresses").await.problem(401, "unauthorized");
    tenant.get("/v1/addresses").await.problem(404, "not_found");
}

#[tokio::test]
async fn whoever_shows_no_valid_key_is_turned_away() {
    let api = Api::new();
    let bad = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        "Bearer intk_00_AA",
        "Bearer intk__",
        "bearer\tx",
        "Bearer intk_0123456789abcdef0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    for value in bad {
        let client = api.nobody().with_header("authorization", value);
        client.get("/v1/addresses").await.problem(401, "unauthorized");
        client.get("/v1/organizations").await.problem(401, "unauthorized");
    }
    api.nobody().get("/v1/addresses").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn the_admin_names_the_organization() {
    let api = Api::new();
    api.tenant().await.get("/v1/addresses").await.expect(200);
    api.admin().get("/v1/addresses").await.problem(400, "organization_required");
    api.admin().post("/v1/addresses", json!({})).await.problem(400, "organization_required");
    for absent in ["org_00000000000000000000000000000000", "acme", "", "int_00000000000000000000000000000000"] {
        api.admin().naming(absent).get("/v1/addresses").await.problem(404, "not_found");
    }
    // What belongs to no organization needs none.
    api.admin().get("/v1/providers").await.expect(200);
}

#[tokio::test]
async fn a_key_names_its_own_organization_or_none() {
    let api = Api::new();
    let organization = api.admin().post("/v1/organizations", json!({ "name": "Acme" })).await;
    let (_, client) = api.admin().naming(organization.id()).key(&["read"]).await;
    client.clone().naming(organization.id()).get("/v1/addresses").await.expect(200);
    for other in ["org_00000000000000000000000000000000", "nonsense"] {
        client.clone().naming(other).get("/v1/addresses").await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn the_scheme_is_read_whatever_its_case() {
    let api = Api::new();
    let token = format!("bEARER   {}", crate::api::ADMIN_TOKEN);
    api.nobody().with_header("authorization", &token).get("/v1/organizations").await.expect(200);
}
