//! What an event costs the store: microseconds of processor time for recording, beginning and settling, each in commits
//! of their own.
//!
//! `cargo run --release -p store-sqlite --example cost [-- <folder> [<events> [<row>]]]`. Linux only: it reads `/proc`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement by hand"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use integrations_core::{
    AddressId, EventId, OrganizationId, Payload, Receipt,
    rules::Policy,
    store::{
        AccountStore as _, AddressStore as _, AttemptReport, Begun, DeduplicationScope, EventStore as _,
        IntegrationStore as _, NewEvent, Recipient, Recorded, StartedAttempt, WorkStore as _,
    },
};
use integrations_testkit::{builders::Samples, clock::SeqEntropy, sample};
use store_sqlite::{OpenOptions, SqliteStore};

/// How many commits of each kind are made in turn.
const COMMITS: usize = 20;

/// How fast they come: identifiers begin with the time, and so lie the closer together the faster.
const EVENTS_A_MILLISECOND: usize = 10;

/// Who receives events, and how many at a time.
#[derive(Clone, Copy)]
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
    let only: Option<usize> = arguments.next().map(|text| text.parse().unwrap());
    let shape = Shape { organizations: 1, addresses: 1, fan_out: 1, batch: 100, deduplicated: false };
    let shapes = [
        Shape { batch: 1, ..shape },
        Shape { batch: 10, ..shape },
        shape,
        Shape { deduplicated: true, ..shape },
        Shape { batch: 1000, ..shape },
        Shape { fan_out: 10, ..shape },
        Shape { organizations: 10, addresses: 10, ..shape },
        Shape { organizations: 100, addresses: 100, ..shape },
        Shape { organizations: 1000, addresses: 10, ..shape },
        Shape { organizations: 1000, addresses: 100, ..shape },
    ];
    println!(" orgs  addrs   fan batch dedup |   record    begin   settle    total |     wall");
    for (_, shape) in (0..).zip(shapes).filter(|(number, _)| only.is_none_or(|only| only == *number)) {
        measure(&folder, shape, events).await;
    }
}

async fn measure(folder: &Path, shape: Shape, events: usize) {
    let _ = fs::remove_dir_all(folder);
    let store = SqliteStore::open(folder.join("cost.db"), OpenOptions::default().exclusive(true)).await.unwrap();
    let samples = Samples::default();
    let places = fill(&store, &samples, shape).await;
    let events = if shape.batch == 1 { events / 10 } else { events } / shape.fan_out;
    let rounds = (events / shape.batch / COMMITS).max(1);
    let started = Instant::now();
    let mut spent = [0.0; 3];
    for round in 0..rounds {
        let first = round * COMMITS * shape.batch;
        let news: Vec<_> =
            (first..first + COMMITS * shape.batch).map(|number| event(&samples, &places, number, shape)).collect();
        for (sum, part) in spent.iter_mut().zip(run(&store, &samples, &news, shape.batch).await) {
            *sum += part;
        }
    }
    let count = (rounds * COMMITS * shape.batch * shape.fan_out) as f64;
    let wall = started.elapsed().as_micros() as f64 / count;
    let [record, begin, settle] = spent.map(|nanos| nanos / 1000.0 / count);
    let Shape { organizations, addresses, fan_out, batch, deduplicated } = shape;
    println!(
        "{organizations:>5} {addresses:>6} {fan_out:>5} {batch:>5} {deduplicated:>5} | \
         {record:>8.1} {begin:>8.1} {settle:>8.1} {:>8.1} | {wall:>8.1}",
        record + begin + settle
    );
    store.close().await;
}

/// Takes events through the store; gives the nanoseconds of each kind of call. Reading them costs much itself, so that
/// is done once for many calls.
async fn run(store: &SqliteStore, samples: &Samples, news: &[NewEvent], batch: usize) -> [f64; 3] {
    let policy = Policy { daily_limit: 0, ..Policy::default() };
    let mut ids = Vec::new();
    let start = cpu();
    for news in news.chunks(batch) {
        for recorded in store.record(news, 100_000, None).await.unwrap() {
            let Recorded::Accepted { entries, .. } = recorded else { panic!("not accepted") };
            ids.extend(entries.iter().map(|entry| entry.dispatch));
        }
    }
    let recorded = cpu();
    let mut begun = Vec::new();
    for ids in ids.chunks(batch) {
        begun.extend(store.begin(ids, &policy, samples.now()).await.unwrap());
    }
    let started = cpu();
    let reports = begun.into_iter().map(|begun| match begun {
        Begun::Started(attempt) => report(samples, &attempt),
        other => panic!("did not start: {other:?}"),
    });
    let reports: Vec<_> = reports.collect();
    let reported = cpu();
    for reports in reports.chunks(batch) {
        store.settle(reports, &policy).await.unwrap();
    }
    [recorded - start, started - recorded, cpu() - reported]
}

async fn fill(store: &SqliteStore, samples: &Samples, shape: Shape) -> Vec<(OrganizationId, AddressId)> {
    let mut places = Vec::new();
    for _ in 0..shape.organizations {
        let organization = samples.organization();
        store.create_organization(&organization).await.unwrap();
        let integrations: Vec<_> = (0..shape.fan_out).map(|_| samples.integration(organization.id)).collect();
        for integration in &integrations {
            store.create_integration(integration, 0).await.unwrap();
        }
        let mut creating = Vec::new();
        for _ in 0..shape.addresses {
            let address = samples.address(organization.id);
            places.push((organization.id, address.id));
            let wishes: Vec<_> = integrations.iter().map(|integration| samples.subscription(integration.id)).collect();
            let store = store.clone();
            creating.push(tokio::spawn(async move { store.create_address(&address, &wishes).await }));
        }
        for task in creating {
            task.await.unwrap().unwrap();
        }
    }
    places
}

/// Events are scattered over the places, and each place gets as many as the others.
fn event(samples: &Samples, places: &[(OrganizationId, AddressId)], number: usize, shape: Shape) -> NewEvent {
    let (organization, address) = places[(number * 7919) % places.len()];
    if number.is_multiple_of(EVENTS_A_MILLISECOND) {
        samples.clock.advance(Duration::from_millis(1));
    }
    let mut mail = sample::mail();
    mail.preview = mail.preview.repeat(4);
    let mut deduplication = samples.deduplication(DeduplicationScope::Address, 0);
    deduplication.key[..8].copy_from_slice(&(number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    NewEvent {
        id: EventId::generate(&samples.clock, &SeqEntropy::new(number as u64)),
        organization,
        recipient: Recipient::Id(address),
        occurred_at: samples.now(),
        received_at: samples.now(),
        payload: Payload::EmailReceived(mail),
        deduplication: shape.deduplicated.then_some(deduplication),
    }
}

fn report(samples: &Samples, attempt: &StartedAttempt) -> AttemptReport {
    AttemptReport {
        dispatch: attempt.dispatch,
        generation: attempt.generation,
        revision: attempt.integration.revision,
        ended_at: samples.now(),
        result: Ok(Receipt { remote_id: Some("12345".to_owned()) }),
        jitter: Duration::ZERO,
    }
}

/// Nanoseconds that all threads of this process have run.
fn cpu() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let run = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    run.map(|text| text.split(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
