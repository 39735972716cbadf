//! What an event costs the store: microseconds of processor time for recording, beginning and settling.
//!
//! `cargo run --release -p store-sqlite --example cost [-- <folder> [<events>]]`. Linux only: it reads `/proc`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a measurement by hand"
)]

use std::{fs, path::PathBuf, time::Instant};

use integrations_core::{
    AddressId, EventId, OrganizationId, Receipt,
    rules::Policy,
    store::{
        AccountStore as _, AddressStore as _, AttemptReport, Begun, Deduplication, DeduplicationScope, EventStore as _,
        IntegrationStore as _, NewEvent, Recipient, Recorded, StartedAttempt, WorkStore as _,
    },
};
use integrations_testkit::{builders::Samples, sample};
use store_sqlite::{OpenOptions, SqliteStore};

/// How many commits of each kind are made in turn.
const COMMITS: usize = 20;

/// Who receives events.
struct Shape {
    organizations: usize,
    addresses: usize,
    fan_out: usize,
    batch: usize,
    deduplicated: bool,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "target/cost".to_owned()));
    let events: usize = arguments.next().map_or(20_000, |text| text.parse().unwrap());
    let shape = Shape { organizations: 1, addresses: 1, fan_out: 1, batch: 100, deduplicated: false };
    println!(
        "{:>5} {:>6} {:>5} {:>5} {:>5} | {:>8} {:>8} {:>8} {:>8} | {:>8}",
        "orgs", "addrs", "fan", "batch", "dedup", "record", "begin", "settle", "total", "wall"
    );
    let only: Option<usize> = arguments.next().map(|text| text.parse().unwrap());
    let shapes = [
        Shape { batch: 1, ..shape },
        Shape { batch: 10, ..shape },
        Shape { ..shape },
        Shape { deduplicated: true, ..shape },
        Shape { batch: 1000, ..shape },
        Shape { fan_out: 10, ..shape },
        Shape { organizations: 10, addresses: 10, ..shape },
        Shape { organizations: 100, addresses: 100, ..shape },
        Shape { organizations: 1000, addresses: 10, ..shape },
        Shape { organizations: 1000, addresses: 100, ..shape },
    ];
    for (number, shape) in shapes.iter().enumerate() {
        if only.is_none_or(|only| only == number) {
            measure(&folder, shape, events).await;
        }
    }
}

async fn measure(folder: &PathBuf, shape: &Shape, events: usize) {
    let _ = fs::remove_dir_all(folder);
    let store = SqliteStore::open(folder.join("cost.db"), OpenOptions::default()).await.unwrap();
    let samples = Samples::default();
    let places = fill(&store, &samples, shape).await;
    let events = if shape.batch == 1 { events / 10 } else { events } / shape.fan_out;
    let policy = Policy { daily_limit: 0, ..Policy::default() };
    let started = Instant::now();
    let mut spent = [0.0; 3];
    // Reading the time costs much itself, so it is read once for many commits.
    let rounds = (events / shape.batch / COMMITS).max(1);
    for round in 0..rounds {
        let batches: Vec<Vec<NewEvent>> = (0..COMMITS)
            .map(|commit| {
                let first = (round * COMMITS + commit) * shape.batch;
                (first..first + shape.batch).map(|number| event(&samples, &places, number, shape)).collect()
            })
            .collect();
        let mut ids = Vec::new();
        let from = cpu();
        for batch in &batches {
            for recorded in store.record(batch, 100_000).await.unwrap() {
                let Recorded::Accepted { entries } = recorded else { panic!("not accepted") };
                ids.extend(entries.iter().map(|entry| entry.dispatch));
            }
        }
        let recorded = cpu();
        let mut begun = Vec::new();
        for ids in ids.chunks(shape.batch) {
            begun.push(store.begin(ids, &policy, samples.now()).await.unwrap());
        }
        let to = cpu();
        spent[0] += recorded - from;
        spent[1] += to - recorded;
        let reports: Vec<Vec<_>> = begun
            .into_iter()
            .map(|begun| {
                begun
                    .into_iter()
                    .map(|begun| match begun {
                        Begun::Started(attempt) => report(&samples, &attempt),
                        other => panic!("did not start: {other:?}"),
                    })
                    .collect()
            })
            .collect();
        let from = cpu();
        for reports in &reports {
            store.settle(reports, &policy).await.unwrap();
        }
        spent[2] += cpu() - from;
    }
    let events = rounds * COMMITS * shape.batch;
    let count = (events * shape.fan_out) as f64;
    let wall = started.elapsed().as_micros() as f64 / count;
    let [record, begin, settle] = spent.map(|nanos| nanos / 1000.0 / count);
    println!(
        "{:>5} {:>6} {:>5} {:>5} {:>5} | {record:>8.1} {begin:>8.1} {settle:>8.1} {:>8.1} | {wall:>8.1}",
        shape.organizations,
        shape.addresses,
        shape.fan_out,
        shape.batch,
        shape.deduplicated,
        record + begin + settle
    );
    store.close().await;
}

async fn fill(store: &SqliteStore, samples: &Samples, shape: &Shape) -> Vec<(OrganizationId, AddressId)> {
    let mut places = Vec::new();
    for _ in 0..shape.organizations {
        let organization = samples.organization();
        store.create_organization(&organization).await.unwrap();
        let mut wishes = Vec::new();
        for _ in 0..shape.fan_out {
            let integration = samples.integration(organization.id);
            store.create_integration(&integration, 0).await.unwrap();
            wishes.push(samples.subscription(integration.id));
        }
        let mut creating = Vec::new();
        for _ in 0..shape.addresses {
            let address = samples.address(organization.id);
            places.push((organization.id, address.id));
            for wish in &mut wishes {
                *wish = samples.subscription(wish.integration);
            }
            let (store, wishes) = (store.clone(), wishes.clone());
            creating.push(tokio::spawn(async move {
                store.create_address(&address, &wishes).await.unwrap();
            }));
        }
        for task in creating {
            task.await.unwrap();
        }
    }
    places
}

fn event(samples: &Samples, places: &[(OrganizationId, AddressId)], number: usize, shape: &Shape) -> NewEvent {
    // Scattered over the places, each as often as the others.
    let (organization, address) = places[(number * 7919) % places.len()];
    let mut key = [0; 32];
    key[..8].copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let deduplication =
        shape.deduplicated.then(|| Deduplication { key, ..samples.deduplication(DeduplicationScope::Address, 0) });
    let mut mail = sample::mail();
    mail.preview = mail.preview.repeat(4);
    NewEvent {
        id: EventId::generate(&samples.clock, &integrations_testkit::clock::SeqEntropy::new(number as u64)),
        organization,
        recipient: Recipient::Id(address),
        occurred_at: samples.now(),
        received_at: samples.now(),
        payload: integrations_core::Payload::EmailReceived(mail),
        deduplication,
    }
}

fn report(samples: &Samples, attempt: &StartedAttempt) -> AttemptReport {
    AttemptReport {
        dispatch: attempt.dispatch,
        generation: attempt.generation,
        revision: attempt.integration.revision,
        ended_at: samples.now(),
        result: Ok(Receipt { remote_id: Some("12345".to_owned()) }),
        jitter: std::time::Duration::ZERO,
    }
}

/// Nanoseconds that all threads of this process have run.
fn cpu() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let run = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    run.map(|text| text.split(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
