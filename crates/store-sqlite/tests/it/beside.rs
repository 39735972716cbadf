//! Many clients at once, and others beside the store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use integrations_core::{
    IntegrationStatus,
    rules::Policy,
    store::{
        AccountStore as _, Begun, DispatchFilter, DispatchStore as _, EventStore as _, Page, Recorded, Settled,
        WorkStore as _,
    },
};
use integrations_testkit::{
    builders::{Samples, receipt},
    scene::Scene,
};

use store_sqlite::OpenOptions;

use crate::support::{Place, number, scene};

const CLIENTS: usize = 64;
const EVENTS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_meet_no_busy_file() {
    let place = Place::new();
    let store = place.open().await;
    let (mut scene, route) = scene(&store).await;
    scene.policy.daily_limit = 0;
    let (scene, route) = (Arc::new(scene), Arc::new(route));

    let done = Arc::new(AtomicBool::new(false));
    let reading = {
        let (mut connection, done) = (place.connect().await, Arc::clone(&done));
        tokio::spawn(async move {
            let mut last = 0;
            while !done.load(Ordering::Relaxed) {
                let seen = number(&mut connection, "SELECT count(*) FROM dispatches").await;
                assert!(seen >= last);
                last = seen;
            }
        })
    };
    let clients = (0..CLIENTS).map(|_| {
        let (scene, route, store) = (Arc::clone(&scene), Arc::clone(&route), store.clone());
        tokio::spawn(async move {
            for _ in 0..EVENTS {
                let id = scene.dispatch(&route.address).await;
                let attempt = scene.start(id).await;
                scene.settle(&attempt, Ok(receipt())).await;
                store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(5)).await.unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    reading.await.unwrap();

    let mut connection = place.connect().await;
    let delivered = "SELECT count(*) FROM dispatches WHERE status = 'delivered' AND delivery_started_at IS NOT NULL";
    assert_eq!(number(&mut connection, delivered).await, (CLIENTS * EVENTS) as i64);
    assert_eq!(number(&mut connection, "SELECT sum(waiting) FROM organizations").await, 0);
}

/// Whoever waits for its turn to write gets it, however much the others write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_share_a_file_meet_no_busy_file() {
    let place = Place::new();
    let shared = OpenOptions::default().shared(true);
    let open = || place.open_with(shared);
    let stores = [open().await, open().await, open().await];
    let (scene, route) = scene(&stores[0]).await;
    let scene = Arc::new(Scene { policy: Policy { daily_limit: 0, ..Policy::default() }, ..scene });
    let address = Arc::new(route.address);
    let clients = (0..CLIENTS).map(|number| {
        let (scene, address, store) = (scene.clone(), address.clone(), stores[number % stores.len()].clone());
        tokio::spawn(async move {
            for _ in 0..EVENTS {
                let recorded = store.record(&[scene.samples.event(&address)], 0, None).await.unwrap();
                let [Recorded::Accepted { entries, .. }] = &recorded[..] else { panic!("{recorded:?}") };
                let begun = store.begin(&[entries[0].dispatch], &scene.policy, scene.now()).await.unwrap();
                let Some(Begun::Started(attempt)) = begun.into_iter().next() else { panic!("not begun") };
                store.settle(&[scene.report(&attempt, Ok(receipt()))], &scene.policy).await.unwrap();
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let mut connection = place.connect().await;
    let delivered = "SELECT count(*) FROM dispatches WHERE status = 'delivered'";
    assert_eq!(number(&mut connection, delivered).await, (CLIENTS * EVENTS) as i64);
}

#[tokio::test]
async fn what_another_process_changes_is_seen_at_once() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let other = Scene { store: Arc::new(place.open().await), samples: Samples::default(), policy: Policy::default() };
    // Each step changes something that the first store has just read or written.
    let (canceled, held) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
    assert!(other.store.cancel(route.organization, canceled).await.unwrap().unwrap().1);
    assert!(matches!(scene.begin(canceled).await, Begun::Nothing));

    other.set_status(&route.integration, IntegrationStatus::Paused).await;
    scene.wait(held).await;
    other.set_status(&route.integration, IntegrationStatus::Active).await;
    let open = scene.start(scene.dispatch(&route.address).await).await;
    assert_eq!(other.settle(&open, Ok(receipt())).await, Settled::Ended);
    assert_eq!(scene.settle(&open, Ok(receipt())).await, Settled::Late);

    let mut dispatches = vec![open.dispatch, held, canceled];
    for number in 0..4 {
        let event = scene.samples.event(&route.address);
        let recorder = if number % 2 == 0 { &other } else { &scene };
        let Recorded::Accepted { entries, .. } = recorder.record(&event).await else { panic!("not accepted") };
        dispatches.insert(0, entries[0].dispatch);
    }
    let list = store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(100)).await.unwrap();
    assert_eq!(list.items.iter().map(|dispatch| dispatch.id).collect::<Vec<_>>(), dispatches);

    assert!(other.store.delete_address(route.organization, route.address.id, other.now()).await.unwrap());
    assert_eq!(scene.record(&scene.samples.event(&route.address)).await, Recorded::UnknownAddress);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_write_to_one_file() {
    let place = Place::new();
    let stores = [place.open().await, place.open().await];
    let samples = Samples::default();
    let organizations: Vec<_> = (0..100).map(|_| samples.organization()).collect();
    let writing: Vec<_> = organizations
        .iter()
        .cloned()
        .enumerate()
        .map(|(number, organization)| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move { store.create_organization(&organization).await.unwrap() })
        })
        .collect();
    for task in writing {
        task.await.unwrap();
    }
    for store in &stores {
        assert_eq!(store.list_organizations(Page::first(1000)).await.unwrap().items.len(), 100);
    }
}
