//! Calls that wait together share a commit, and stay apart in everything else.

use std::{collections::BTreeSet, sync::Arc};

use integrations_core::{
    StoreError,
    store::{DispatchFilter, Page, Recorded},
};
use integrations_testkit::slots::CountedSlots;

use crate::support::{Place, number, record_each, record_each_in, scene};

/// Many, but not more than a commit takes.
const CALLS: usize = 500;

#[tokio::test]
async fn waiting_calls_share_a_commit() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let events: Vec<_> = (0..CALLS).map(|_| scene.samples.event(&route.address)).collect();

    // While somebody else holds the file, the first call waits for it, and the others for the first.
    let mut other = place.connect().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let before = store.commits();
    let calls = record_each(&scene, events).await;
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();

    for call in calls {
        let recorded = call.await.unwrap().unwrap();
        assert!(matches!(&recorded[..], [Recorded::Accepted { entries, .. }] if entries.len() == 1), "{recorded:?}");
    }
    assert!(store.commits() - before <= 2, "{} commits", store.commits() - before);
    assert_eq!(number(&mut other, "SELECT count(*) FROM events").await, CALLS as i64);
    assert_eq!(number(&mut other, "SELECT waiting FROM organizations").await, CALLS as i64);
}

#[tokio::test]
async fn one_bad_call_does_not_spoil_the_others() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let first = scene.samples.event(&route.address);
    scene.record(&first).await;
    // The same event once more breaks the uniqueness of its dispatch, since nothing told that it is a repeat.
    let mut events: Vec<_> = (0..20).map(|_| scene.samples.event(&route.address)).collect();
    events.insert(10, first);

    let mut other = place.connect().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let calls = record_each(&scene, events).await;
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();

    for (number, call) in calls.into_iter().enumerate() {
        let recorded = call.await.unwrap();
        assert_eq!(recorded.is_err(), number == 10, "{number}: {recorded:?}");
    }
    assert_eq!(number(&mut other, "SELECT waiting FROM organizations").await, 21);
    // What the writer had prepared for the commit that failed is forgotten.
    scene.dispatch(&route.address).await;
    let list = scene.store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(100)).await;
    assert_eq!(list.unwrap().items.len(), 22);
}

/// The slots of a commit that fails come back, and those of the calls that are tried again are asked for once more.
#[tokio::test]
async fn a_failed_commit_keeps_no_slots() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let bad = scene.samples.event(&route.address);
    scene.record(&bad).await;
    let mut events: Vec<_> = (0..20).map(|_| scene.samples.event(&route.address)).collect();
    events.insert(10, bad.clone());

    let slots = Arc::new(CountedSlots::new(1_000));
    let mut other = place.connect().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let calls = record_each_in(&scene, events, Some(&slots)).await;
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    for call in calls {
        let _ = call.await.unwrap();
    }
    let started = slots.started();
    let begun: BTreeSet<_> = started.iter().map(|attempt| attempt.dispatch).collect();
    assert_eq!((started.len(), begun.len()), (20, 20));
    assert!(started.iter().all(|attempt| attempt.event.id != bad.id));
    assert_eq!(slots.asked().len(), started.len() + slots.given_back().len());
    assert_eq!(number(&mut other, "SELECT count(*) FROM dispatches WHERE status = 'delivering'").await, 20);
    assert_eq!(number(&mut other, "SELECT waiting FROM organizations").await, 1);
}

#[tokio::test]
async fn the_work_goes_on_when_the_caller_does_not() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let mut other = place.connect().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let slots = Arc::new(CountedSlots::new(1));
    for call in record_each_in(&scene, vec![scene.samples.event(&route.address)], Some(&slots)).await {
        call.abort();
    }
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    store.close().await;
    assert_eq!(number(&mut other, "SELECT count(*) FROM events").await, 1);
    // Who has the slot makes the attempt.
    assert_eq!(slots.started().len(), 1);
}

#[tokio::test]
async fn a_held_file_is_busy_and_then_is_not() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let mut other = place.connect().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let refused = scene.store.record(&[scene.samples.event(&route.address)], 0, None).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused}");
    let list = scene.store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(10)).await;
    assert_eq!(list.unwrap().items, []);

    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    scene.deliver(scene.dispatch(&route.address).await).await;
}
