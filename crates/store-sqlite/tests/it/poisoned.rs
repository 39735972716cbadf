//! Rows that cannot be read: they are left alone, and hinder nobody.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    DispatchId, DispatchQueue as _, DispatchStatus, Outbound, Platform, Ports, Registry, Settings, Shares, StoreError,
    memory::MemoryQueue,
    store::{Abandoned, Begun, DispatchFilter, Held, Page},
};
use integrations_testkit::{
    clock::{ManualClock, SeqEntropy},
    fakes::OpenCipher,
    scene::{Route, Scene},
    scripted_http::ScriptedHttp,
};
use sqlx::SqliteConnection;

use crate::support::{Place, scene};

/// Damages a row in a way that no check and no type forbids, or one that they would.
async fn damage(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut *connection).await.unwrap();
    assert_eq!(sqlx::query(statement).execute(connection).await.unwrap().rows_affected(), 1);
}

/// Two dispatches, of which the first one is damaged.
async fn damaged(place: &Place, statement: &'static str) -> (Scene, Route, DispatchId, DispatchId) {
    let (scene, route) = scene(&place.open().await).await;
    let (bad, good) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
    damage(&mut place.connect().await, statement).await;
    (scene, route, bad, good)
}

async fn due(scene: &Scene) -> Vec<DispatchId> {
    let due = scene.store.due(scene.now(), None, 10).await.unwrap();
    due.into_iter().map(|entry| entry.dispatch).collect()
}

#[tokio::test]
async fn an_unreadable_dispatch_waits_for_an_hour() {
    for statement in [
        "UPDATE events SET payload = '{\"type\":\"from.the.future\"}' WHERE sequence = 1",
        "UPDATE dispatches SET status = 'odd' WHERE sequence = 1",
        "UPDATE dispatches SET window_ends_at = 1 << 62 WHERE sequence = 1",
        "UPDATE dispatches SET held_before = -1 WHERE sequence = 1",
        "UPDATE dispatches SET attempt_count = -1 WHERE sequence = 1",
    ] {
        let place = Place::new();
        let (scene, route, bad, good) = damaged(&place, statement).await;
        let begun = scene.begin_all(&[bad, good]).await;
        assert!(matches!(&begun[..], [Begun::Nothing, Begun::Started(_)]), "{statement}: {begun:?}");
        assert_eq!(due(&scene).await, [], "{statement}");
        let refused = scene.store.dispatch(route.organization, bad).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        let list = scene.store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(10)).await;
        assert_eq!(list.unwrap().items.iter().map(|dispatch| dispatch.id).collect::<Vec<_>>(), [good]);

        scene.pass(3_600);
        assert_eq!(due(&scene).await, [bad], "{statement}");
    }
}

#[tokio::test]
async fn it_goes_on_when_it_can_be_read() {
    let place = Place::new();
    let (scene, route, bad, _) = damaged(&place, "UPDATE dispatches SET status = 'odd' WHERE sequence = 1").await;
    assert!(matches!(scene.begin(bad).await, Begun::Nothing));
    damage(&mut place.connect().await, "UPDATE dispatches SET status = 'pending' WHERE sequence = 1").await;
    scene.pass(3_600);
    scene.deliver(bad).await;
    assert_eq!(scene.read(&route, bad).await.state.status, DispatchStatus::Delivered);
}

#[tokio::test]
async fn an_unreadable_integration_holds_its_dispatches_alone() {
    let place = Place::new();
    let (scene, route, bad, good) =
        damaged(&place, "UPDATE integrations SET connection = '{}' WHERE sequence = 1").await;
    let other = scene.route().await;
    let third = scene.dispatch(&other.address).await;
    let begun = scene.begin_all(&[bad, third, good]).await;
    assert!(matches!(&begun[..], [Begun::Nothing, Begun::Started(_), Begun::Nothing]), "{begun:?}");
    let refused = scene.store.integration(route.organization, route.integration.id).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    scene.pass(3_600);
    assert_eq!(due(&scene).await, [bad, good]);
}

#[tokio::test]
async fn an_unreadable_attempt_does_not_stop_recovery() {
    let place = Place::new();
    let (scene, _) = scene(&place.open().await).await;
    let route = scene.route().await;
    let (bad, good) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
    for id in [bad, good] {
        scene.start(id).await;
    }
    damage(&mut place.connect().await, "UPDATE dispatches SET last_outcome = 'odd' WHERE sequence = 1").await;
    for (which, expected) in [(Abandoned::All, vec![good]), (Abandoned::LeaseEnded, vec![])] {
        let entries = scene.store.interrupt(which, &scene.policy, scene.now(), 1).await.unwrap();
        assert_eq!(entries.into_iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), expected, "{which:?}");
    }
}

#[tokio::test]
async fn an_unreadable_hold_does_not_stop_the_release() {
    let place = Place::new();
    let (mut scene, _) = scene(&place.open().await).await;
    scene.policy.daily_limit = 1;
    let route = scene.route().await;
    let ids = scene.dispatches(&route.address, 3).await;
    scene.start(ids[0]).await;
    for id in &ids[1..] {
        scene.wait(*id).await;
    }
    damage(&mut place.connect().await, "UPDATE dispatches SET last_outcome = 'odd' WHERE sequence = 2").await;
    let released = scene.store.release(Held::ByDailyLimit, scene.now(), 1).await.unwrap();
    assert_eq!(released.into_iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(scene.store.release(Held::ByDailyLimit, scene.now(), 1).await.unwrap(), []);
}

#[tokio::test]
async fn a_sweep_goes_on_behind_what_cannot_be_read() {
    // More than a sweep asks for at once.
    const MANY: usize = 1_100;
    let place = Place::new();
    let (scene, route) = scene(&place.open().await).await;
    let events: Vec<_> = (0..MANY).map(|_| scene.samples.event(&route.address)).collect();
    scene.store.record(&events, 0, None).await.unwrap();
    damage(&mut place.connect().await, "UPDATE dispatches SET id = x'00' WHERE sequence = 1").await;

    let clock = Arc::new(ManualClock::new());
    let queue =
        Arc::new(MemoryQueue::new(clock.clone(), Shares { lane: MANY, organization: MANY }, Duration::from_secs(60)));
    let http = Arc::new(ScriptedHttp::playing([]));
    let ports = Ports {
        store: scene.store.clone(),
        queue: queue.clone(),
        cipher: Arc::new(OpenCipher),
        outbound: Outbound { trusted: http.clone(), guarded: http },
        clock,
        entropy: Arc::new(SeqEntropy::default()),
    };
    Platform::new(ports, Registry::new(), Settings::default()).sweep().await.unwrap();
    assert_eq!(queue.reserve(2 * MANY).await.unwrap().entries.len(), MANY - 1);
}
