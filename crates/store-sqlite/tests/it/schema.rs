//! The schema beside the domain: names, tenants, counters, erasing.

use std::collections::BTreeSet;

use integrations_core::{
    AttemptOutcome, CancelReason, DispatchStatus, FailReason, FailureKind, HoldReason, IntegrationStatus,
    store::{AccountStore as _, DeduplicationScope, NewEvent},
};
use integrations_testkit::builders;
use sqlx::SqliteConnection;

use crate::support::{Place, number, scene};

/// The names that the check of a column allows.
async fn allowed(place: &Place, table: &'static str, column: &str) -> BTreeSet<String> {
    let sql = sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").bind(table);
    let sql: String = sql.fetch_one(&mut place.connect().await).await.unwrap();
    let equals = format!("{column} = '");
    let names = sql.split(&equals).skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned());
    names.collect()
}

fn names<T: Copy + std::fmt::Display>(all: &[T]) -> BTreeSet<String> {
    all.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn checks_allow_what_the_domain_knows() {
    let place = Place::new();
    place.open().await;
    assert_eq!(allowed(&place, "dispatches", "status").await, names(DispatchStatus::ALL));
    let reasons = names(HoldReason::ALL).into_iter().chain(names(FailReason::ALL)).chain(names(CancelReason::ALL));
    assert_eq!(allowed(&place, "dispatches", "reason").await, reasons.collect());
    for (table, column) in [("dispatches", "last_outcome"), ("dispatches", "error_code"), ("attempts", "outcome")] {
        assert_eq!(allowed(&place, table, column).await, names(AttemptOutcome::ALL), "{table}.{column}");
    }
    assert_eq!(allowed(&place, "integrations", "status").await, names(IntegrationStatus::ALL));
}

#[tokio::test]
async fn a_new_dispatch_is_stored_as_the_rule_says() {
    let place = Place::new();
    let (scene, route) = scene(&place.open().await).await;
    let id = scene.dispatch(&route.address).await;
    assert_eq!(scene.read(&route, id).await.state, integrations_core::DispatchState::accepted(scene.now()));
}

#[tokio::test]
async fn two_tenants_cannot_be_linked() {
    let place = Place::new();
    let (scene, own) = scene(&place.open().await).await;
    let other = scene.route().await;
    for route in [&own, &other] {
        scene.dispatch(&route.address).await;
    }
    let mut connection = place.connect().await;
    for statement in [
        "UPDATE subscriptions SET integration = 2 WHERE sequence = 1",
        "UPDATE subscriptions SET address = 2 WHERE sequence = 1",
        "UPDATE events SET address = 2 WHERE sequence = 1",
        "UPDATE dispatches SET integration = 2 WHERE sequence = 1",
        "UPDATE dispatches SET address = 2 WHERE sequence = 1",
        "UPDATE dispatches SET event = 2 WHERE sequence = 1",
        "UPDATE dispatches SET organization = 2 WHERE sequence = 1",
    ] {
        let refused = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        let refused = refused.into_database_error().unwrap();
        assert!(refused.is_foreign_key_violation(), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn erasing_leaves_nothing_and_nobody_else_is_touched() {
    let place = Place::new();
    let store = place.open().await;
    let (mut scene, own) = scene(&store).await;
    scene.policy.daily_limit = 10;
    let mut connection = place.connect().await;
    let other = scene.paced_route(integrations_core::Rate::new(1_000, 5)).await;
    for route in [&own, &other] {
        store.create_api_key(&scene.samples.api_key(route.organization)).await.unwrap();
        let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
        scene.record(&NewEvent { deduplication, ..scene.samples.event(&route.address) }).await;
        let nobody = scene.address(route.organization, &[]).await;
        assert_eq!(scene.publish(&nobody).await, []);
        scene.deliver(scene.dispatch(&route.address).await).await;
        scene.reject(scene.dispatch(&route.address).await).await;
        let throttled = scene.dispatch(&route.address).await;
        scene.fail(throttled, builders::failure(FailureKind::Throttled)).await;
        scene.dispatch(&route.address).await;
    }
    assert!(store.delete_organization(own.organization).await.unwrap());

    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sql%' \
                  AND name NOT IN ('canary', 'thread_log')";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    assert_eq!(tables.len(), 12);
    for table in &tables {
        assert!(count(&mut connection, table).await > 0, "{table}: the other organization has lost rows");
    }
    assert_eq!(number(&mut connection, "SELECT count(*) FROM organizations").await, 1);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM events").await, 6);
    assert_eq!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap().len(), 0);
    assert!(store.delete_organization(other.organization).await.unwrap());
    for table in &tables {
        assert_eq!(count(&mut connection, table).await, 0, "{table}");
    }
}

async fn count(connection: &mut SqliteConnection, table: &str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(connection).await.unwrap()
}
