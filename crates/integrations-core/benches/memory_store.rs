//! What it costs the store in memory to find an event's subscriptions and to record its dispatches.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use integrations_core::{
    memory::MemoryStore,
    store::{NewEvent, Recorded},
};
use integrations_testkit::scene::Scene;
use tokio::runtime::Builder;

const ADDRESSES: usize = 100;
const EVENTS_EACH: usize = 10;

/// A store with addresses that subscribe so many integrations each, and new events at all of them in turn.
async fn filled(subscriptions: usize) -> (Scene, Vec<NewEvent>) {
    let scene = Scene::new(Arc::new(MemoryStore::new()));
    let organization = scene.organization().await;
    let mut integrations = Vec::new();
    for _ in 0..subscriptions {
        integrations.push(scene.integration(organization).await.id);
    }
    let mut addresses = Vec::new();
    for _ in 0..ADDRESSES {
        addresses.push(scene.address(organization, &integrations).await);
    }
    let events = addresses.iter().cycle().take(ADDRESSES * EVENTS_EACH).map(|address| scene.samples.event(address));
    let events = events.collect();
    (scene, events)
}

/// One call an event, into a store that is fresh each time, so that memory does not grow with the time of measuring.
fn record(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let mut group = criterion.benchmark_group("record 1000 events");
    group.throughput(Throughput::Elements((ADDRESSES * EVENTS_EACH) as u64));
    for subscriptions in [0, 1, 10] {
        let fresh = || runtime.block_on(filled(subscriptions));
        group.bench_function(format!("{subscriptions} subscriptions each"), |bench| {
            bench.iter_batched_ref(
                fresh,
                |(scene, events)| runtime.block_on(record_all(scene, events, subscriptions)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

async fn record_all(scene: &Scene, events: &[NewEvent], subscriptions: usize) {
    for event in events {
        let recorded = scene.record(event).await;
        assert!(matches!(recorded, Recorded::Accepted { entries, .. } if entries.len() == subscriptions));
    }
}

criterion_group!(benches, record);
criterion_main!(benches);
