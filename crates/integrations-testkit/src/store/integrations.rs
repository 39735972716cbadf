//! Integrations: what is unique, what is counted, and what a deletion takes along.

use integrations_core::{
    CancelReason, DispatchStatus, FailureKind, Integration, IntegrationStatus, Rate, Reason, Sealed,
    store::{Conflict, DeletedIntegration, Settled},
};
use serde_json::json;

use super::{StoreHarness, conflict, read_all, scene};
use crate::{
    builders::{self, connection},
    suite::suite,
};

suite! { $
    store_integrations in store::integrations for StoreHarness {
        /// Everything reads back as it was written: large and nested settings, any text, any bytes.
        async fn integrations_read_back(harness) {
            let scene = scene(harness);
            let mut integration = scene.samples.integration(scene.organization().await);
            integration.name = "Bestellungen 📦 'quoted' \"double\"".to_owned();
            integration.status = IntegrationStatus::Disabled;
            integration.status_reason = Some("401: ключ отозван".to_owned());
            integration.last_validated_at = None;
            integration.secret = Sealed { envelope: (0..=255).cycle().take(70_000).collect() };
            integration.secret_version = 7;
            integration.connection = builders::paced(connection("Räume/№ 1"), Rate::new(3_000, 20));
            let list: Vec<_> = (0..5_000).collect();
            integration.connection.config = json!({ "list": list, "deep": { "null": null, "text": "\u{0}\"\\ü😀" } });
            let integration = scene.add_integration(integration).await;
            assert_eq!(scene.stored(&integration).await, integration);
        }

        /// Oldest first, in pieces.
        async fn integrations_are_listed_in_order(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let mut made = Vec::new();
            for _ in 0..5 {
                made.push(scene.integration(organization).await);
            }
            assert_eq!(read_all(2, |page| scene.store.list_integrations(organization, page)).await, made);
            scene.store.delete_integration(organization, made.remove(2).id, scene.now()).await.unwrap();
            assert_eq!(read_all(2, |page| scene.store.list_integrations(organization, page)).await, made);
        }

        /// People tell integrations apart by name, and do not see the difference of `A` and `a`.
        async fn names_are_unique_whatever_their_case(harness) {
            let scene = scene(harness);
            let (own, other) = (scene.organization().await, scene.organization().await);
            let named = |organization, name: &str| {
                Integration { name: name.to_owned(), ..scene.samples.integration(organization) }
            };
            let first = scene.add_integration(named(own, "Büro Ost")).await;
            let refused = scene.store.create_integration(&named(own, "BÜRO ost"), 0).await;
            assert_eq!(conflict(refused), Conflict::IntegrationNameTaken);
            assert_eq!(scene.store.count_integrations(own).await.unwrap(), 1);
            scene.add_integration(named(other, "büro ost")).await;
            scene.add_integration(named(own, "Büro West")).await;
            scene.store.delete_integration(own, first.id, scene.now()).await.unwrap();
            scene.add_integration(named(own, "BÜRO OST")).await;
        }

        /// The same destination twice would mean every message twice.
        async fn a_destination_is_connected_once(harness) {
            let scene = scene(harness);
            let (own, other) = (scene.organization().await, scene.organization().await);
            let leading = |organization| {
                Integration { connection: connection("one"), ..scene.samples.integration(organization) }
            };
            let first = scene.add_integration(leading(own)).await;
            let refused = scene.store.create_integration(&leading(own), 0).await;
            assert_eq!(conflict(refused), Conflict::IntegrationAlreadyConnected);
            scene.add_integration(leading(other)).await;
            scene.add_integration(Integration { provider: "another".to_owned(), ..leading(own) }).await;
            scene.store.delete_integration(own, first.id, scene.now()).await.unwrap();
            scene.add_integration(leading(own)).await;
        }

        /// Neither one less nor one more than the limit; what is deleted makes room.
        async fn the_limit_is_exact(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let mut made = Vec::new();
            for _ in 0..3 {
                let integration = scene.samples.integration(organization);
                assert!(scene.store.create_integration(&integration, 3).await.unwrap());
                made.push(integration);
            }
            let one_more = scene.samples.integration(organization);
            let refused = scene.store.create_integration(&one_more, 3).await;
            assert_eq!(conflict(refused), Conflict::IntegrationLimitReached { limit: 3 });
            assert_eq!(scene.store.count_integrations(organization).await.unwrap(), 3);
            let elsewhere = scene.samples.integration(scene.organization().await);
            assert!(scene.store.create_integration(&elsewhere, 3).await.unwrap());
            scene.store.delete_integration(organization, made[0].id, scene.now()).await.unwrap();
            assert_eq!(scene.store.count_integrations(organization).await.unwrap(), 2);
            assert!(scene.store.create_integration(&one_more, 3).await.unwrap());
            scene.integration(organization).await;
            assert_eq!(scene.store.count_integrations(organization).await.unwrap(), 4);
        }

        /// The limit is said first, since no other name would help; then the name, then the destination.
        async fn conflicts_come_in_order(harness) {
            let scene = scene(harness);
            let first = scene.integration(scene.organization().await).await;
            let twin = Integration { id: scene.samples.integration(first.organization).id, ..first.clone() };
            let renamed = Integration { name: "renamed".to_owned(), ..twin.clone() };
            let store = &scene.store;
            let limit_reached = Conflict::IntegrationLimitReached { limit: 1 };
            assert_eq!(conflict(store.create_integration(&twin, 1).await), limit_reached);
            assert_eq!(conflict(store.create_integration(&twin, 2).await), Conflict::IntegrationNameTaken);
            assert_eq!(conflict(store.create_integration(&renamed, 2).await), Conflict::IntegrationAlreadyConnected);
        }

        /// No integration without an organization.
        async fn integrations_need_an_organization(harness) {
            let scene = scene(harness);
            let orphan = scene.samples.integration(scene.samples.organization().id);
            assert!(!scene.store.create_integration(&orphan, 1).await.unwrap());
            assert_eq!(scene.store.integration(orphan.organization, orphan.id).await.unwrap(), None);
        }

        /// A change is written whole, under the next revision.
        async fn a_change_is_written(harness) {
            let scene = scene(harness);
            let first = scene.integration(scene.organization().await).await;
            scene.pass(60);
            let changed = Integration {
                name: first.name.to_uppercase(),
                status: IntegrationStatus::Paused,
                status_reason: Some("by hand".to_owned()),
                connection: connection("elsewhere"),
                secret: Sealed { envelope: vec![9; 300] },
                secret_version: 2,
                last_validated_at: Some(scene.now()),
                updated_at: scene.now(),
                ..first.clone()
            };
            assert!(scene.store.update_integration(&changed).await.unwrap());
            let expected = Integration { revision: first.revision + 1, ..changed };
            assert_eq!(scene.stored(&first).await, expected);
        }

        /// Of two who changed what they had read at the same time, the second must read again.
        async fn an_outdated_change_is_refused(harness) {
            let scene = scene(harness);
            let read = scene.integration(scene.organization().await).await;
            let (one, two) = (Integration { name: "one".to_owned(), ..read.clone() }, read.clone());
            assert!(scene.store.update_integration(&one).await.unwrap());
            assert_eq!(conflict(scene.store.update_integration(&two).await), Conflict::Outdated);
            assert_eq!(scene.stored(&read).await.name, "one");
        }

        /// A change must not take what another integration has, and one that is refused changes nothing.
        async fn a_change_meets_the_same_conflicts(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let (first, second) = (scene.integration(organization).await, scene.integration(organization).await);
            let name_taken = Integration { name: first.name.to_uppercase(), ..second.clone() };
            let refused = scene.store.update_integration(&name_taken).await;
            assert_eq!(conflict(refused), Conflict::IntegrationNameTaken);
            let connected = Integration { connection: first.connection.clone(), ..second.clone() };
            let refused = scene.store.update_integration(&connected).await;
            assert_eq!(conflict(refused), Conflict::IntegrationAlreadyConnected);
            let outdated = Integration { revision: 0, ..name_taken };
            assert_eq!(conflict(scene.store.update_integration(&outdated).await), Conflict::Outdated);
            assert_eq!(scene.stored(&second).await, second);
        }

        /// What is not there cannot be changed.
        async fn a_missing_integration_is_not_changed(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            assert!(!scene.store.update_integration(&scene.samples.integration(organization)).await.unwrap());
            let deleted = scene.integration(organization).await;
            scene.store.delete_integration(organization, deleted.id, scene.now()).await.unwrap();
            assert!(!scene.store.update_integration(&deleted).await.unwrap());
            assert_eq!(scene.store.integration(organization, deleted.id).await.unwrap(), None);
        }

        /// Counted by address, in the order asked for; what is deleted, foreign or unknown counts nothing.
        async fn addresses_are_counted(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let foreign = scene.route().await;
            let organization = route.organization;
            let (twice, never) = (scene.integration(organization).await, scene.integration(organization).await);
            scene.address(organization, &[twice.id, route.integration.id]).await;
            scene.address(organization, &[twice.id]).await;
            let gone = scene.address(organization, &[twice.id]).await;
            scene.store.delete_address(organization, gone.id, scene.now()).await.unwrap();
            let unknown = scene.samples.integration(organization).id;
            let asked = [twice.id, never.id, foreign.integration.id, route.integration.id, unknown, twice.id];
            let counts = scene.store.address_counts(organization, &asked).await.unwrap();
            assert_eq!(counts, [2, 0, 0, 2, 0, 2]);
            assert!(scene.store.address_counts(organization, &[]).await.unwrap().is_empty());
        }

        /// Its subscriptions go, what waits is canceled and counted; its history stays, and so does all of the others.
        async fn deleting_cancels_what_waits(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let other = scene.integration(route.organization).await;
            let both = scene.address(route.organization, &[route.integration.id, other.id]).await;
            let delivered = scene.dispatch(&route.address).await;
            scene.deliver(delivered).await;
            let waiting = scene.dispatch(&route.address).await;
            let retried = scene.dispatch(&route.address).await;
            scene.fail(retried, builders::failure(FailureKind::Unavailable)).await;
            let of_both = scene.publish(&both).await;
            scene.pass(1);

            let store = &scene.store;
            let deleted = store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
            assert_eq!(deleted, Some(DeletedIntegration { cleared_addresses: 2, canceled_dispatches: 3 }));
            let again = store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
            assert_eq!(again, None);

            for id in [waiting, retried] {
                let state = scene.read(&route, id).await.state;
                assert_eq!(state.status, DispatchStatus::Canceled);
                assert_eq!(state.reason, Some(Reason::Cancel(CancelReason::IntegrationDeleted)));
                assert_eq!(state.next_attempt_at(), None);
            }
            assert_eq!(scene.read(&route, delivered).await.state.status, DispatchStatus::Delivered);
            assert_eq!(store.dispatch_with_attempts(route.organization, retried).await.unwrap().unwrap().1.len(), 1);
            let mut statuses = Vec::new();
            for id in of_both {
                let dispatch = scene.read(&route, id).await;
                statuses.push((dispatch.integration == other.id, dispatch.state.status));
            }
            statuses.sort_unstable();
            assert_eq!(statuses, [(false, DispatchStatus::Canceled), (true, DispatchStatus::Pending)]);
            let left = store.address(route.organization, both.id).await.unwrap().unwrap();
            assert_eq!(left.subscriptions.iter().map(|row| row.integration).collect::<Vec<_>>(), [other.id]);
            assert_eq!(left.address.updated_at, scene.now());
            assert_eq!(scene.publish(&route.address).await, []);
        }

        /// The message is on its way and may arrive: how that ends belongs to the history.
        async fn an_open_attempt_outlives_its_integration(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (first, second) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let (arrives, fails) = (scene.start(first).await, scene.start(second).await);
            scene.store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
            assert_eq!(scene.read(&route, first).await.state.status, DispatchStatus::Delivering);

            assert_eq!(scene.settle(&arrives, Ok(builders::receipt())).await, Settled::Ended);
            assert_eq!(scene.read(&route, first).await.state.status, DispatchStatus::Delivered);
            let error = builders::failure(FailureKind::Unauthorized);
            assert_eq!(scene.settle(&fails, Err(error)).await, Settled::Ended);
            let state = scene.read(&route, second).await.state;
            assert_eq!(state.reason, Some(Reason::Cancel(CancelReason::IntegrationDeleted)));
            let attempts = scene.attempts(route.organization, second).await;
            assert!(attempts[0].outcome.is_some());
        }
    }
}
