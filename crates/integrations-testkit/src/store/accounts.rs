//! Organizations, keys and the canary.

use integrations_core::{
    Organization, Rate, Scope, Sealed,
    store::{Abandoned, Begun, DeduplicationScope, DispatchFilter, NewEvent, Page, Recorded, Settled},
};

use super::{StoreHarness, read_all, scene};
use crate::{builders, suite::suite};

suite! { $
    store_accounts in store::accounts for StoreHarness {
        /// An organization reads back as it was made; names need not be unique, nor ASCII.
        async fn organizations_read_back(harness) {
            let scene = scene(harness);
            let first = Organization { name: "Bücher & Söhne 📚".to_owned(), ..scene.samples.organization() };
            let second = Organization { name: first.name.clone(), ..scene.samples.organization() };
            for organization in [&first, &second] {
                scene.store.create_organization(organization).await.unwrap();
            }
            assert_eq!(scene.store.organization(first.id).await.unwrap(), Some(first));
            assert_eq!(scene.store.organization(second.id).await.unwrap(), Some(second));
            assert_eq!(scene.store.organization(scene.samples.organization().id).await.unwrap(), None);
        }

        /// A list that grows while it is read shows what was there, each item once and in order.
        async fn organizations_are_listed_in_order(harness) {
            let scene = scene(harness);
            let mut made = Vec::new();
            for _ in 0..5 {
                made.push(scene.organization().await);
            }
            let store = &scene.store;
            let list = |page| store.list_organizations(page);
            let ids: Vec<_> = read_all(2, list).await.into_iter().map(|row| row.id).collect();
            assert_eq!(ids, made);

            let first = store.list_organizations(Page::first(3)).await.unwrap();
            made.push(scene.organization().await);
            store.delete_organization(made[1]).await.unwrap();
            let rest = store.list_organizations(Page { limit: 10, after: first.next }).await.unwrap();
            let ids: Vec<_> = first.items.iter().chain(&rest.items).map(|row| row.id).collect();
            assert_eq!((ids, rest.next), (made, None));
            assert_eq!(read_all(5, list).await.len(), 5);
        }

        /// A key reads back by its identifier alone, and is listed and deleted in its organization only.
        async fn keys_are_kept(harness) {
            let scene = scene(harness);
            let (own, foreign) = (scene.organization().await, scene.organization().await);
            let mut keys = vec![scene.samples.api_key(own), scene.samples.api_key(own), scene.samples.api_key(own)];
            keys[1].scopes = [Scope::Manage].into();
            keys[2].scopes.clear();
            for key in &keys {
                assert!(scene.store.create_api_key(key).await.unwrap());
                assert_eq!(scene.store.find_api_key(key.id).await.unwrap().as_ref(), Some(key));
            }
            assert_eq!(read_all(2, |page| scene.store.list_api_keys(own, page)).await, keys);
            assert_eq!(read_all(2, |page| scene.store.list_api_keys(foreign, page)).await, []);

            assert!(!scene.store.delete_api_key(foreign, keys[0].id).await.unwrap());
            assert!(scene.store.delete_api_key(own, keys[0].id).await.unwrap());
            assert!(!scene.store.delete_api_key(own, keys[0].id).await.unwrap());
            assert_eq!(scene.store.find_api_key(keys[0].id).await.unwrap(), None);
            assert_eq!(read_all(2, |page| scene.store.list_api_keys(own, page)).await, keys[1..]);
        }

        /// No key without an organization: an orphan could never be deleted.
        async fn keys_need_an_organization(harness) {
            let scene = scene(harness);
            let key = scene.samples.api_key(scene.samples.organization().id);
            assert!(!scene.store.create_api_key(&key).await.unwrap());
            assert_eq!(scene.store.find_api_key(key.id).await.unwrap(), None);
        }

        /// Erasing means all of it: rows, work, history, keys, repeats, quota, turns; and nothing of anybody else.
        async fn a_deleted_organization_leaves_nothing(harness) {
            let mut scene = scene(harness);
            scene.policy.daily_limit = 1;
            let (own, other) = (scene.paced_route(Rate::new(3_600_000, 1)).await, scene.route().await);
            let organization = scene.store.organization(own.organization).await.unwrap().unwrap();
            let key = scene.samples.api_key(own.organization);
            scene.store.create_api_key(&key).await.unwrap();
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&own.address) };
            let Recorded::Accepted { entries, .. } = scene.record(&event).await else { panic!("not accepted") };
            let open = scene.start(entries[0].dispatch).await;
            let held = scene.dispatch(&own.address).await;
            scene.wait(held).await;
            let others = scene.dispatch(&other.address).await;

            assert!(scene.store.delete_organization(organization.id).await.unwrap());
            assert!(!scene.store.delete_organization(organization.id).await.unwrap());

            let store = &scene.store;
            assert_eq!(store.organization(organization.id).await.unwrap(), None);
            assert_eq!(store.find_api_key(key.id).await.unwrap(), None);
            assert_eq!(store.integration(organization.id, own.integration.id).await.unwrap(), None);
            assert_eq!(store.address(organization.id, own.address.id).await.unwrap(), None);
            assert_eq!(store.dispatch(organization.id, held).await.unwrap(), None);
            assert_eq!(store.dispatch_with_attempts(organization.id, open.dispatch).await.unwrap(), None);
            let list = |page| store.list_dispatches(organization.id, DispatchFilter::default(), page);
            assert_eq!(read_all(10, list).await, []);
            assert_eq!(store.count_integrations(organization.id).await.unwrap(), 0);
            assert!(matches!(scene.begin(held).await, Begun::Nothing));
            assert_eq!(scene.settle(&open, Ok(builders::receipt())).await, Settled::Late);
            assert_eq!(store.interrupt(Abandoned::All, &scene.policy, scene.now(), 10).await.unwrap(), []);
            let due = store.due(scene.in_seconds(1_000_000), None, 10).await.unwrap();
            assert_eq!(due.iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), [others]);

            // The same things can be made again, as if they had never been.
            store.create_organization(&organization).await.unwrap();
            scene.add_integration(own.integration.clone()).await;
            let wish = scene.samples.subscription(own.integration.id);
            store.create_address(&own.address, &[wish]).await.unwrap().unwrap();
            let Recorded::Accepted { entries, .. } = scene.record(&event).await else { panic!("not accepted") };
            scene.deliver(entries[0].dispatch).await;
            scene.deliver(others).await;
        }

        /// The first canary stays: a second process must be measured against the key of the first.
        async fn the_first_canary_stays(harness) {
            let scene = scene(harness);
            let (first, second) = (Sealed { envelope: vec![1, 2, 3] }, Sealed { envelope: vec![4] });
            assert_eq!(scene.store.canary().await.unwrap(), None);
            assert_eq!(scene.store.ensure_canary(&first).await.unwrap(), first);
            assert_eq!(scene.store.ensure_canary(&second).await.unwrap(), first);
            assert_eq!(scene.store.canary().await.unwrap(), Some(first));
        }
    }
}
