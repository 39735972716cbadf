//! What it costs to decide whether an attempt starts, and what follows from its end.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "benchmarks")]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use integrations_core::{
    DeliveryError, DispatchState, FailureKind, OrganizationId, Rate, Receipt,
    rules::{BeginFacts, Beginning, LaneStates, Ledger, Policy, SettleFacts},
};
use integrations_testkit::builders::{Samples, failure, paced, receipt};

/// A dispatch that has just been accepted, to a destination with a rate: the longest way through the rule.
fn begin(criterion: &mut Criterion) {
    let (samples, policy) = (Samples::default(), Policy::default());
    let mut integration = samples.integration(OrganizationId::from_bytes([1; 16]));
    integration.connection = paced(integration.connection, Rate::new(1_000, 1));
    let now = samples.now();
    let mut taken = LaneStates::default();
    taken.destination.take(Rate::new(1_000, 1), now);
    let state = DispatchState::accepted(now);
    for (name, lanes) in [("begin, starts", LaneStates::default()), ("begin, waits for its turn", taken)] {
        let integration = Some(&integration);
        let facts = BeginFacts { now, state: &state, integration, lanes, ledger: Ledger::default() };
        criterion.bench_function(name, |bench| bench.iter(|| policy.begin(black_box(facts))));
    }
}

/// The open attempt of that dispatch.
fn started(policy: &Policy, samples: &Samples) -> DispatchState {
    let integration = samples.integration(OrganizationId::from_bytes([1; 16]));
    let (now, state) = (samples.now(), DispatchState::accepted(samples.now()));
    let (lanes, ledger) = (LaneStates::default(), Ledger::default());
    match policy.begin(BeginFacts { now, state: &state, integration: Some(&integration), lanes, ledger }) {
        Beginning::Write { state, .. } => *state,
        Beginning::NotNow(until) => panic!("it waits until {until:?}"),
    }
}

fn settle(criterion: &mut Criterion) {
    let (samples, policy) = (Samples::default(), Policy::default());
    let state = started(&policy, &samples);
    let throttled = failure(FailureKind::Throttled).with_retry_after(Some(Duration::from_secs(30)));
    let results: [(_, Result<Receipt, DeliveryError>); 3] = [
        ("settle, delivered", Ok(receipt())),
        ("settle, to be tried again", Err(failure(FailureKind::Unavailable))),
        ("settle, throttled", Err(throttled)),
    ];
    for (name, result) in &results {
        let jitter = Duration::from_secs(5);
        let facts = SettleFacts { now: samples.now(), state: &state, result, jitter, deleted: None, outdated: false };
        criterion.bench_function(name, |bench| bench.iter(|| policy.settle(black_box(facts)).unwrap()));
    }
}

criterion_group!(benches, begin, settle);
criterion_main!(benches);
