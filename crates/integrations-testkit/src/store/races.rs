//! Many at once: each method is one atomic step, whoever else is at it.

use std::{future::Future, sync::Arc};

use integrations_core::{
    Dispatch, DispatchId, DispatchStatus, FailureKind, Store,
    store::{Begun, Conflict, DeduplicationScope, NewEvent, Recorded, Settled},
};

use super::{StoreHarness, scene};
use crate::{
    builders::{failure, receipt},
    suite::suite,
};

const TASKS: usize = 32;

/// What so many tasks get that do the same at the same time.
async fn race<T, F>(store: &Arc<dyn Store>, task: impl Fn(usize, Arc<dyn Store>) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..TASKS).map(|number| tokio::spawn(task(number, Arc::clone(store)))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

suite! { $
    store_races in store::races for StoreHarness {
        /// A sender that repeats before it has an answer must not be sent twice.
        async fn a_repeated_event_is_accepted_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let events: Vec<_> = (0..TASKS)
                .map(|_| NewEvent { deduplication, ..scene.samples.event(&route.address) })
                .collect();
            let recorded = race(&scene.store, |number, store| {
                let event = events[number].clone();
                async move { store.record(&[event], 0, None).await.unwrap().remove(0) }
            })
            .await;
            let accepted: Vec<_> = (0..TASKS).filter(|at| matches!(recorded[*at], Recorded::Accepted { .. })).collect();
            assert_eq!(accepted.len(), 1);
            let duplicate = Recorded::Duplicate { event: events[accepted[0]].id, dispatch_count: 1 };
            assert_eq!(recorded.iter().filter(|one| **one == duplicate).count(), TASKS - 1);
            assert_eq!(scene.store.due(scene.now(), None, 100).await.unwrap().len(), 1);
        }

        /// Two workers with the same entry make one attempt.
        async fn a_dispatch_is_begun_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let (policy, now) = (scene.policy.clone(), scene.now());
            let begun = race(&scene.store, |_, store| {
                let policy = policy.clone();
                async move { store.begin(&[id], &policy, now).await.unwrap().remove(0) }
            })
            .await;
            assert_eq!(begun.iter().filter(|begun| matches!(begun, Begun::Started(_))).count(), 1);
            assert_eq!(begun.iter().filter(|begun| matches!(begun, Begun::Nothing)).count(), TASKS - 1);
            assert_eq!(scene.attempts(route.organization, id).await.len(), 1);
        }

        /// Who looks while a worker is at it sees a dispatch and its attempts as they were at one moment.
        async fn a_dispatch_and_its_attempts_are_of_one_moment(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            assert_eq!(scene.attempts(route.organization, id).await, []);
            let (organization, store) = (route.organization, Arc::clone(&scene.store));
            let looking = tokio::spawn(async move {
                loop {
                    let found = store.dispatch_with_attempts(organization, id).await.unwrap();
                    let (Dispatch { state, .. }, attempts) = found.unwrap();
                    assert_eq!(usize::try_from(state.attempt_count).unwrap(), attempts.len());
                    let is_open = attempts.last().is_some_and(|attempt| attempt.outcome.is_none());
                    assert_eq!(is_open, state.status == DispatchStatus::Delivering);
                    if state.status == DispatchStatus::Delivered {
                        return;
                    }
                }
            });
            for _ in 0..TASKS {
                let Settled::Waiting(due) = scene.fail(id, failure(FailureKind::Throttled)).await else {
                    panic!("a throttled dispatch waits");
                };
                scene.go_to(due);
            }
            scene.deliver(id).await;
            looking.await.unwrap();
        }

        /// A report that is repeated is settled once.
        async fn a_report_is_settled_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            let (policy, report) = (scene.policy.clone(), scene.report(&attempt, Ok(receipt())));
            let settled = race(&scene.store, |_, store| {
                let (policy, report) = (policy.clone(), report.clone());
                async move { store.settle(&[report], &policy).await.unwrap().remove(0) }
            })
            .await;
            assert_eq!(settled.iter().filter(|settled| **settled == Settled::Ended).count(), 1);
            assert_eq!(settled.iter().filter(|settled| **settled == Settled::Late).count(), TASKS - 1);
        }

        /// The limit of integrations holds however fast somebody clicks.
        async fn the_limit_of_integrations_holds(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let integrations: Vec<_> = (0..TASKS).map(|_| scene.samples.integration(organization)).collect();
            let created = race(&scene.store, |number, store| {
                let integration = integrations[number].clone();
                async move { store.create_integration(&integration, 5).await }
            })
            .await;
            assert_eq!(created.iter().filter(|created| matches!(created, Ok(true))).count(), 5);
            let refused = created.into_iter().filter(Result::is_err).map(super::conflict);
            assert!(refused.into_iter().all(|conflict| conflict == Conflict::IntegrationLimitReached { limit: 5 }));
            assert_eq!(scene.store.count_integrations(organization).await.unwrap(), 5);
        }

        /// An address goes to one of those who want it.
        async fn an_address_is_taken_once(harness) {
            let scene = scene(harness);
            let address = scene.samples.address(scene.organization().await);
            let created = race(&scene.store, |_, store| {
                let mut address = address.clone();
                address.id = scene.samples.address(address.organization).id;
                async move { store.create_address(&address, &[]).await }
            })
            .await;
            assert_eq!(created.iter().filter(|created| matches!(created, Ok(Some(_)))).count(), 1);
            let refused = created.into_iter().filter(Result::is_err).map(super::conflict);
            assert!(refused.into_iter().all(|conflict| conflict == Conflict::AddressTaken));
        }

        /// The daily limit holds over workers that begin at the same time.
        async fn the_daily_limit_holds(harness) {
            let mut scene = scene(harness);
            scene.policy.daily_limit = 5;
            let route = scene.route().await;
            let ids: Vec<DispatchId> = scene.dispatches(&route.address, TASKS).await;
            let (policy, now) = (scene.policy.clone(), scene.now());
            let begun = race(&scene.store, |number, store| {
                let (id, policy) = (ids[number], policy.clone());
                async move { store.begin(&[id], &policy, now).await.unwrap().remove(0) }
            })
            .await;
            assert_eq!(begun.iter().filter(|begun| matches!(begun, Begun::Started(_))).count(), 5);
        }
    }
}
