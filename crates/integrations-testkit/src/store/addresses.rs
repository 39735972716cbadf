//! Addresses and what they subscribe.

use integrations_core::{
    Address, CancelReason, DispatchStatus, FailureKind, Integration, IntegrationStatus, NewSubscription, Reason,
    store::{Conflict, Settled},
};

use super::{StoreHarness, conflict, read_all, scene};
use crate::{builders, suite::suite};

suite! { $
    store_addresses in store::addresses for StoreHarness {
        /// An address reads back with its subscriptions, sorted for people, each with what is shown of its integration.
        async fn addresses_read_back(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let mut wishes = Vec::new();
            for (name, status) in [
                ("gamma", IntegrationStatus::Active),
                ("Beta", IntegrationStatus::Paused),
                ("alpha", IntegrationStatus::Disabled),
            ] {
                let integration = Integration { name: name.to_owned(), status, ..scene.samples.integration(organization) };
                wishes.push(scene.samples.subscription(scene.add_integration(integration).await.id));
            }
            let address = scene.samples.address(organization);
            let made = scene.store.create_address(&address, &wishes).await.unwrap().unwrap();
            assert_eq!(made.address, address);
            let shown: Vec<_> = made.subscriptions.iter().map(|row| (row.name.as_str(), row.status, row.id)).collect();
            assert_eq!(shown, [
                ("alpha", IntegrationStatus::Disabled, wishes[2].id),
                ("Beta", IntegrationStatus::Paused, wishes[1].id),
                ("gamma", IntegrationStatus::Active, wishes[0].id),
            ]);
            assert_eq!(made.subscriptions[0].integration, wishes[2].integration);
            assert_eq!(made.subscriptions[0].event_type, wishes[2].event_type);
            assert_eq!(made.subscriptions[0].provider, "sample");
            assert_eq!(scene.store.address(organization, address.id).await.unwrap(), Some(made.clone()));
            let bare = scene.address(organization, &[]).await;
            let listed = read_all(1, |page| scene.store.list_addresses(organization, page)).await;
            assert_eq!(listed[0], made);
            assert_eq!((&listed[1].address, &listed[1].subscriptions[..]), (&bare, &[][..]));
        }

        /// A renamed or stopped integration shows so at its addresses.
        async fn subscriptions_show_the_integration_of_today(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            scene.change(&route.integration, |integration| {
                integration.name = "renamed".to_owned();
                integration.status = IntegrationStatus::Paused;
            }).await;
            let read = scene.store.address(route.organization, route.address.id).await.unwrap().unwrap();
            assert_eq!(read.subscriptions[0].name, "renamed");
            assert_eq!(read.subscriptions[0].status, IntegrationStatus::Paused);
        }

        /// Mail has no organization on its envelope, so an address is one organization's alone, as long as it lives.
        async fn an_address_is_unique_in_the_installation(harness) {
            let scene = scene(harness);
            let (own, other) = (scene.organization().await, scene.organization().await);
            let first = scene.address(own, &[]).await;
            for organization in [own, other] {
                let twin = Address { name: first.name.clone(), ..scene.samples.address(organization) };
                assert_eq!(conflict(scene.store.create_address(&twin, &[]).await), Conflict::AddressTaken);
            }
            assert!(scene.store.delete_address(own, first.id, scene.now()).await.unwrap());
            assert!(!scene.store.delete_address(own, first.id, scene.now()).await.unwrap());
            let heir = Address { name: first.name.clone(), ..scene.samples.address(other) };
            assert!(scene.store.create_address(&heir, &[]).await.unwrap().is_some());
            assert_eq!(scene.store.address(own, first.id).await.unwrap(), None);
            assert_eq!(read_all(5, |page| scene.store.list_addresses(own, page)).await, []);
        }

        /// No address without an organization.
        async fn addresses_need_an_organization(harness) {
            let scene = scene(harness);
            let orphan = scene.samples.address(scene.samples.organization().id);
            assert_eq!(scene.store.create_address(&orphan, &[]).await.unwrap(), None);
            let heir = Address { name: orphan.name, ..scene.samples.address(scene.organization().await) };
            assert!(scene.store.create_address(&heir, &[]).await.unwrap().is_some());
        }

        /// Whoever writes back what was read must find everything as it was, identifiers included.
        async fn subscriptions_that_stay_keep_their_identifier(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let (a, b, c) = (
                scene.integration(organization).await.id,
                scene.integration(organization).await.id,
                scene.integration(organization).await.id,
            );
            let address = scene.samples.address(organization);
            let (first_a, first_b) = (scene.samples.subscription(a), scene.samples.subscription(b));
            scene.store.create_address(&address, &[first_a, first_b]).await.unwrap();
            scene.pass(60);
            let wanted = [scene.samples.subscription(c), scene.samples.subscription(b)];
            let now = scene.now();
            let set = scene.store.set_subscriptions(organization, address.id, &wanted, now).await.unwrap().unwrap();
            let ids: Vec<_> = set.subscriptions.iter().map(|row| (row.integration, row.id)).collect();
            assert_eq!(ids, [(b, first_b.id), (c, wanted[0].id)]);
            assert_eq!(set.address, Address { updated_at: scene.now(), ..address.clone() });
            assert_eq!(scene.store.address(organization, address.id).await.unwrap(), Some(set));
            let none = scene.store.set_subscriptions(organization, address.id, &[], now).await.unwrap().unwrap();
            assert_eq!(none.subscriptions, []);
            assert_eq!(scene.publish(&address).await, []);
        }

        /// The same wish twice is one subscription, or every mail would be sent twice.
        async fn repeated_wishes_are_folded(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let wish = || scene.samples.subscription(route.integration.id);
            let address = scene.samples.address(route.organization);
            let wanted = [wish(), wish()];
            let made = scene.store.create_address(&address, &wanted).await.unwrap().unwrap();
            assert_eq!(made.subscriptions.iter().map(|row| row.id).collect::<Vec<_>>(), [wanted[0].id]);
            let again = [wish(), wish()];
            let now = scene.now();
            let set = scene.store.set_subscriptions(route.organization, address.id, &again, now).await.unwrap().unwrap();
            assert_eq!(set.subscriptions, made.subscriptions);
        }

        /// Absent, foreign and deleted integrations are one and the same: unknown. Then nothing at all is changed.
        async fn unknown_integrations_are_refused(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let foreign = scene.route().await.integration.id;
            let deleted = scene.integration(route.organization).await.id;
            scene.store.delete_integration(route.organization, deleted, scene.now()).await.unwrap();
            let good = scene.integration(route.organization).await.id;
            let before = scene.store.address(route.organization, route.address.id).await.unwrap();
            scene.pass(60);
            for bad in [scene.samples.integration(route.organization).id, foreign, deleted] {
                let wanted: [NewSubscription; 2] = [good, bad].map(|id| scene.samples.subscription(id));
                let store = &scene.store;
                let set = store.set_subscriptions(route.organization, route.address.id, &wanted, scene.now()).await;
                assert_eq!(conflict(set), Conflict::UnknownIntegration);
                let address = scene.samples.address(route.organization);
                let made = store.create_address(&address, &wanted).await;
                assert_eq!(conflict(made), Conflict::UnknownIntegration);
                assert_eq!(store.address(route.organization, address.id).await.unwrap(), None);
                let heir = Address { name: address.name, ..scene.samples.address(route.organization) };
                assert!(store.create_address(&heir, &[]).await.unwrap().is_some());
            }
            assert_eq!(scene.store.address(route.organization, route.address.id).await.unwrap(), before);
        }

        /// Taking a subscription away is about what comes, not about what has come: the work and its history stay.
        async fn promise_05_replacing_subscriptions_loses_nothing(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (waiting, open) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let attempt = scene.start(open).await;
            let before = (scene.read(&route, waiting).await, scene.read(&route, open).await);
            let log = scene.attempts(route.organization, open).await;
            let now = scene.now();
            scene.store.set_subscriptions(route.organization, route.address.id, &[], now).await.unwrap().unwrap();
            assert_eq!((scene.read(&route, waiting).await, scene.read(&route, open).await), before);
            assert_eq!(scene.attempts(route.organization, open).await, log);
            scene.deliver(waiting).await;
            let error = builders::failure(FailureKind::Unavailable);
            assert!(matches!(scene.settle(&attempt, Err(error)).await, Settled::Waiting(_)));
        }

        /// What waits at a deleted address is canceled; what is on its way may arrive, but is not repeated.
        async fn deleting_cancels_what_waits(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let second = scene.address(route.organization, &[route.integration.id]).await;
            let ids = scene.dispatches(&route.address, 4).await;
            let elsewhere = scene.dispatch(&second).await;
            scene.deliver(ids[0]).await;
            let (arrives, fails) = (scene.start(ids[1]).await, scene.start(ids[2]).await);
            assert!(scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap());
            assert_eq!(scene.settle(&arrives, Ok(builders::receipt())).await, Settled::Ended);
            let error = builders::failure(FailureKind::Unavailable);
            assert_eq!(scene.settle(&fails, Err(error)).await, Settled::Ended);
            for (id, status) in [
                (ids[0], DispatchStatus::Delivered),
                (ids[1], DispatchStatus::Delivered),
                (ids[2], DispatchStatus::Canceled),
                (ids[3], DispatchStatus::Canceled),
                (elsewhere, DispatchStatus::Pending),
            ] {
                assert_eq!(scene.read(&route, id).await.state.status, status);
            }
            let reason = scene.read(&route, ids[3]).await.state.reason;
            assert_eq!(reason, Some(Reason::Cancel(CancelReason::AddressDeleted)));
            assert_eq!(scene.read(&route, ids[0]).await.address, route.address.name.as_str());
        }
    }
}
