//! Many clients at once, and others beside the store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use integrations_core::store::{AccountStore as _, DispatchFilter, DispatchStore as _, Page};
use integrations_testkit::builders::{Samples, receipt};

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
    let delivered = "SELECT count(*) FROM dispatches WHERE status = 'delivered'";
    assert_eq!(number(&mut connection, delivered).await, (CLIENTS * EVENTS) as i64);
    assert_eq!(number(&mut connection, "SELECT count(*) FROM attempts").await, (CLIENTS * EVENTS) as i64);
    assert_eq!(number(&mut connection, "SELECT sum(waiting) FROM organizations").await, 0);
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
