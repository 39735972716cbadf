//! Reports: which of them count, and which come too late.

use integrations_core::{
    DeliveryError, DispatchId, FailureKind, IntegrationStatus,
    store::{Abandoned, Settled},
};

use super::{StoreHarness, scene};
use crate::{
    builders::{connection, failure, receipt},
    suite::suite,
};

suite! { $
    store_reports in store::reports for StoreHarness {
        /// A verdict on settings that have been replaced stops nothing: the new ones get their chance.
        async fn a_verdict_on_old_settings_is_no_verdict(harness) {
            let scene = scene(harness);
            for error in [
                failure(FailureKind::Unauthorized),
                failure(FailureKind::Gone),
                failure(FailureKind::Misconfigured),
                DeliveryError::moved(connection("nowhere"), "moved"),
            ] {
                let route = scene.route().await;
                let id = scene.dispatch(&route.address).await;
                let attempt = scene.start(id).await;
                scene.change(&route.integration, |integration| integration.secret_version += 1).await;
                let changed = scene.stored(&route.integration).await;
                assert_eq!(scene.settle(&attempt, Err(error)).await, Settled::Waiting(scene.in_seconds(30)));
                assert_eq!(scene.stored(&route.integration).await, changed);
            }
        }

        /// Of many attempts that meet the same refusal in one call the first stops the integration, the others wait.
        async fn a_verdict_is_applied_once(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let mut reports = Vec::new();
            for id in scene.dispatches(&route.address, 3).await {
                let attempt = scene.start(id).await;
                reports.push(scene.report(&attempt, Err(failure(FailureKind::Unauthorized))));
            }
            let settled = scene.store.settle(&reports, &scene.policy).await.unwrap();
            assert!(settled.iter().all(|settled| matches!(settled, Settled::Waiting(_))));
            let integration = scene.stored(&route.integration).await;
            assert_eq!(integration.revision, route.integration.revision + 1);
            assert_eq!(integration.status, IntegrationStatus::Disabled);
        }

        /// A worker that was given up for lost changes nothing, whatever it has to say.
        async fn promise_03_a_late_worker_changes_nothing(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let lost = scene.start(id).await;
            scene.samples.clock.advance(scene.policy.lease);
            scene.store.interrupt(Abandoned::LeaseEnded, &scene.policy, scene.now(), 10).await.unwrap();
            let late = [Ok(receipt()), Err(failure(FailureKind::Unauthorized)), Err(failure(FailureKind::Rejected))];
            for result in late.clone() {
                assert_eq!(scene.settle(&lost, result).await, Settled::Late);
            }
            let second = scene.start(id).await;
            let before = (scene.read(&route, id).await, scene.attempts(route.organization, id).await);
            for result in late {
                assert_eq!(scene.settle(&lost, result).await, Settled::Late);
            }
            let now = (scene.read(&route, id).await, scene.attempts(route.organization, id).await);
            assert_eq!(now, before);
            assert_eq!(scene.stored(&route.integration).await, route.integration);
            assert_eq!(scene.settle(&second, Ok(receipt())).await, Settled::Ended);
        }

        /// What has arrived stays so: a report that comes twice changes nothing.
        async fn delivered_is_final(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            scene.settle(&attempt, Ok(receipt())).await;
            let before = scene.read(&route, id).await;
            scene.pass(5);
            for result in [Ok(receipt()), Err(failure(FailureKind::Unavailable))] {
                assert_eq!(scene.settle(&attempt, result).await, Settled::Late);
            }
            assert_eq!(scene.read(&route, id).await, before);
            assert_eq!(scene.store.cancel(route.organization, id).await.unwrap(), Some((before.clone(), false)));
            let replayed = scene.store.replay(route.organization, id, scene.now()).await.unwrap();
            assert_eq!(replayed, Some((before, None)));
        }

        /// Each report of a call is settled by itself, in order, also where one is late or unknown.
        async fn reports_of_one_call_are_independent(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (a, b) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let (a, b) = (scene.start(a).await, scene.start(b).await);
            let mut unknown = scene.report(&a, Ok(receipt()));
            unknown.dispatch = DispatchId::derive(scene.samples.event(&route.address).id, route.integration.id);
            let mut early = scene.report(&b, Ok(receipt()));
            early.generation += 1;
            let reports = [
                unknown,
                early,
                scene.report(&a, Ok(receipt())),
                scene.report(&a, Ok(receipt())),
                scene.report(&b, Err(failure(FailureKind::Timeout))),
            ];
            let settled = scene.store.settle(&reports, &scene.policy).await.unwrap();
            let due = scene.in_seconds(30);
            let expected = [Settled::Late, Settled::Late, Settled::Ended, Settled::Late, Settled::Waiting(due)];
            assert_eq!(settled, expected);
            assert_eq!(scene.store.settle(&[], &scene.policy).await.unwrap(), []);
        }
    }
}
