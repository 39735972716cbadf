//! Lists in pages.

use serde_json::Value;

use crate::api::{Api, Client};

async fn page(tenant: &Client, path: &str) -> (Vec<String>, Option<String>) {
    let page = tenant.get(path).await.expect(200);
    let ids = page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    (ids, page["nextCursor"].as_str().map(str::to_owned))
}

/// Follows the cursors; between two pages `meanwhile` happens.
async fn all(tenant: &Client, path: &str, mut meanwhile: impl AsyncFnMut(&[String])) -> Vec<String> {
    let (mut ids, mut next) = page(tenant, path).await;
    while let Some(cursor) = next {
        meanwhile(&ids).await;
        let (more, then) = page(tenant, &format!("{path}&cursor={cursor}")).await;
        assert!(!more.is_empty(), "an empty page was announced");
        ids.extend(more);
        next = then;
    }
    ids
}

#[tokio::test]
async fn every_item_is_on_one_page() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(tenant.address(&format!("a{n}"), &[]).await);
    }
    for limit in [1, 2, 3, 6, 7, 8, 200] {
        assert_eq!(all(&tenant, &format!("/v1/addresses?limit={limit}"), async |_| ()).await, made, "{limit}");
    }
}

#[tokio::test]
async fn pages_are_stable_while_items_come_and_go() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let mut made = Vec::new();
    for n in 0..6 {
        made.push(tenant.address(&format!("a{n}"), &[]).await);
    }
    let mut round = 0;
    let seen = all(&tenant, "/v1/addresses?limit=2", async |seen| {
        // What was seen last goes, and something new comes.
        tenant.delete(&format!("/v1/addresses/{}", seen.last().unwrap())).await.expect(200);
        round += 1;
        if round == 1 {
            tenant.address("late", &[]).await;
        }
    })
    .await;
    assert_eq!(seen[..6], made);
    assert_eq!(seen.len(), 7);
}

#[tokio::test]
async fn the_newest_come_first_and_new_ones_do_not_move_the_rest() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    let address = tenant.address("alerts", &[&integration]).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(tenant.dispatch_at(&address).await);
    }
    made.reverse();
    let seen = all(&tenant, "/v1/dispatches?limit=2", async |_| {
        tenant.dispatch_at(&address).await;
    })
    .await;
    assert_eq!(seen, made);
}

#[tokio::test]
async fn fifty_is_the_default_and_two_hundred_the_most() {
    let api = Api::new();
    let tenant = api.tenant().await;
    for n in 0..51 {
        tenant.address(&format!("a{n}"), &[]).await;
    }
    assert_eq!(page(&tenant, "/v1/addresses").await.0.len(), 50);
    assert_eq!(page(&tenant, "/v1/addresses?limit=200").await.0.len(), 51);
}

#[tokio::test]
async fn bad_pages_are_refused() {
    let api = Api::new();
    let tenant = api.tenant().await;
    let lists = ["/v1/addresses", "/v1/integrations", "/v1/dispatches", "/v1/api-keys", "/v1/organizations"];
    for list in lists {
        for bad in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=x",
            "limit=",
            "limit=1.5",
            "limit=99999999999999999999",
            "limit=1&limit=1",
            "cursor=",
            "cursor=x",
            "cursor=%00",
            "cursor=AgAAAAAAAAAB",
            "cursor=%F0%9F",
        ] {
            let problem = tenant.get(&format!("{list}?{bad}")).await.problem(400, "invalid_request");
            assert_ne!(problem["detail"], Value::Null);
        }
        tenant.get(&format!("{list}?limit=200&cursor=AQAAAAAAAAAB&unrelated=1")).await.expect(200);
        tenant.get(&format!("{list}?cursor=AX__________")).await.expect(200);
    }
}
