//! Faults are what they say: nothing has happened, or everything.

use std::sync::Arc;

use integrations_core::{
    Clock as _, DispatchId, DispatchQueue as _, EventId, LaneKey, QueueEntry, StoreError,
    memory::{MemoryQueue, MemoryStore},
    store::AccountStore as _,
};
use integrations_testkit::{
    builders::Samples,
    clock::{ManualClock, SeqEntropy},
    faults::{FaultyQueue, FaultyStore, Odds},
    queue::{LEASE, SHARES},
    suite::block_on,
};

const REFUSED: Odds = Odds { refused: 1_000, lost: 0, delayed: 0 };
const LOST: Odds = Odds { refused: 0, lost: 1_000, delayed: 0 };
const DELAYED: Odds = Odds { refused: 0, lost: 0, delayed: 1_000 };

#[test]
fn a_store_refuses_loses_and_delays() {
    for (odds, fails, happens) in [(REFUSED, true, false), (LOST, true, true), (DELAYED, false, true)] {
        let (memory, organization) = (Arc::new(MemoryStore::new()), Samples::default().organization());
        let faulty = FaultyStore::new(memory.clone(), 1, odds);
        block_on(async {
            let answer = faulty.create_organization(&organization).await;
            assert_eq!(matches!(answer, Err(StoreError::Unavailable { .. })), fails, "{odds:?}");
            assert_eq!(memory.organization(organization.id).await.unwrap().is_some(), happens, "{odds:?}");
        });
    }
}

#[test]
fn a_queue_refuses_loses_and_delays() {
    for (odds, fails, happens) in [(REFUSED, true, false), (LOST, true, true), (DELAYED, false, true)] {
        let clock = Arc::new(ManualClock::new());
        let memory = Arc::new(MemoryQueue::new(clock.clone(), SHARES, LEASE));
        let faulty = FaultyQueue::new(memory.clone(), 1, odds);
        block_on(async {
            let samples = Samples::default();
            let organization = samples.organization().id;
            let dispatch = DispatchId::derive(
                EventId::generate(&samples.clock, &SeqEntropy::default()),
                samples.integration(organization).id,
            );
            let lane = LaneKey::from_stored("a lane".to_owned());
            let entry = QueueEntry { dispatch, organization, lane, due: clock.now(), sequence: 1 };
            assert_eq!(faulty.push(std::slice::from_ref(&entry)).await.is_err(), fails, "{odds:?}");
            assert_eq!(faulty.reserve(1).await.is_err(), fails, "{odds:?}");
            // What was pushed and reserved is not there for another.
            assert_eq!(memory.reserve(1).await.unwrap().entries, []);
            memory.push(std::slice::from_ref(&entry)).await.unwrap();
            assert_eq!(memory.reserve(1).await.unwrap().entries.is_empty(), happens, "{odds:?}");
        });
    }
}

#[test]
fn equal_seeds_fail_at_equal_calls() {
    let odds = Odds { refused: 300, lost: 0, delayed: 0 };
    let run = |seed| {
        let faulty = FaultyStore::new(Arc::new(MemoryStore::new()), seed, odds);
        let organization = Samples::default().organization().id;
        block_on(async {
            let mut failed = Vec::new();
            for _ in 0..100 {
                failed.push(faulty.organization(organization).await.is_err());
            }
            failed
        })
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let failed = run(1).into_iter().filter(|failed| *failed).count();
    assert!((10..60).contains(&failed), "{failed}");
}
