//! A call whose answer got lost is repeated by its caller: what it did is done once.

use std::time::Duration;

use integrations_core::{
    AttemptOutcome, DispatchStatus, FailureKind, Integration,
    store::{Abandoned, Begun, Conflict, DeduplicationScope, NewEvent, Recorded, Settled},
};

use super::{StoreHarness, conflict, scene};
use crate::{
    builders::{failure, receipt},
    suite::suite,
};

suite! { $
    store_lost_answers in store::lost_answers for StoreHarness {
        /// With a key an event is accepted once; without one nobody can tell, and it is another event.
        async fn an_event_with_a_key_is_recorded_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            let Recorded::Accepted { entries, .. } = scene.record(&event).await else { panic!("not accepted") };
            let again = NewEvent { id: scene.samples.event(&route.address).id, ..event.clone() };
            assert_eq!(scene.record(&again).await, Recorded::Duplicate { event: event.id, dispatch_count: 1 });
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap(), entries);
        }

        /// An attempt that was begun for nobody is not begun again; the end of its lease brings it back, and the log
        /// shows it.
        async fn a_begun_attempt_comes_back_with_its_lease(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.start(id).await;
            assert!(matches!(scene.begin(id).await, Begun::Nothing));
            scene.samples.clock.advance(scene.policy.lease);
            let found = scene.store.interrupt(Abandoned::LeaseEnded, &scene.policy, scene.now(), 10).await.unwrap();
            assert_eq!(found.len(), 1);
            scene.deliver(id).await;
            let log = scene.attempts(route.organization, id).await;
            let outcomes: Vec<_> = log.iter().map(|attempt| attempt.outcome).collect();
            assert_eq!(outcomes, [Some(AttemptOutcome::Interrupted), Some(AttemptOutcome::Delivered)]);
        }

        /// The second report of an attempt is late, whatever it says: step and wait stay those of the first.
        async fn a_settled_report_is_late(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            let error = failure(FailureKind::Unavailable);
            let first = scene.settle(&attempt, Err(error.clone())).await;
            assert!(matches!(first, Settled::Waiting(_)));
            let before = scene.read(&route, id).await;
            scene.samples.clock.advance(Duration::from_secs(1));
            assert_eq!(scene.settle(&attempt, Err(error)).await, Settled::Late);
            assert_eq!(scene.settle(&attempt, Ok(receipt())).await, Settled::Late);
            assert_eq!(scene.read(&route, id).await, before);
        }

        /// Interrupted work that its finder never heard of is due in the store, where a sweep finds it.
        async fn interrupted_work_is_due(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.start(id).await;
            let found = scene.store.interrupt(Abandoned::All, &scene.policy, scene.now(), 10).await.unwrap();
            assert_eq!(scene.store.interrupt(Abandoned::All, &scene.policy, scene.now(), 10).await.unwrap(), []);
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap(), found);
        }

        /// A person who asks twice is told that it is so, and that it was so before.
        async fn wishes_of_people_are_done_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (organization, store) = (route.organization, &scene.store);
            let id = scene.dispatch(&route.address).await;
            let (canceled, first) = store.cancel(organization, id).await.unwrap().unwrap();
            assert!(first);
            assert_eq!(store.cancel(organization, id).await.unwrap(), Some((canceled, false)));
            let (replayed, entry) = store.replay(organization, id, scene.now()).await.unwrap().unwrap();
            assert!(entry.is_some());
            assert_eq!(store.replay(organization, id, scene.in_seconds(9)).await.unwrap(), Some((replayed, None)));
            assert_eq!(scene.read(&route, id).await.state.status, DispatchStatus::Pending);

            let integration = scene.samples.integration(organization);
            assert!(store.create_integration(&integration, 0).await.unwrap());
            let again = Integration { id: scene.samples.integration(organization).id, ..integration.clone() };
            assert_eq!(conflict(store.create_integration(&again, 0).await), Conflict::IntegrationNameTaken);
            assert!(store.update_integration(&integration).await.unwrap());
            assert_eq!(conflict(store.update_integration(&integration).await), Conflict::Outdated);
            assert!(store.delete_integration(organization, integration.id, scene.now()).await.unwrap().is_some());
            assert_eq!(store.delete_integration(organization, integration.id, scene.now()).await.unwrap(), None);
            assert!(store.delete_address(organization, route.address.id, scene.now()).await.unwrap());
            assert!(!store.delete_address(organization, route.address.id, scene.now()).await.unwrap());
        }
    }
}
