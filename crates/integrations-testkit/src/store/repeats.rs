//! Repeats: an event that comes again is answered again, and dispatched once.

use integrations_core::store::{Deduplication, DeduplicationScope, NewEvent, Recipient, Recorded};

use super::{StoreHarness, events::accepted, scene};
use crate::suite::suite;

suite! { $
    store_repeats in store::repeats for StoreHarness {
        /// A key of the organization is one key, whatever the address.
        async fn repeats_are_found_in_the_organization(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let second = scene.address(route.organization, &[]).await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let first = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&first).await), 1);
            let duplicate = Recorded::Duplicate { event: first.id, dispatch_count: 1 };
            for address in [&route.address, &second] {
                let repeat = NewEvent { deduplication, ..scene.samples.event(address) };
                assert_eq!(scene.record(&repeat).await, duplicate);
            }
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap().len(), 1);
            let elsewhere = NewEvent { deduplication, ..scene.samples.event(&scene.route().await.address) };
            assert_eq!(accepted(&scene.record(&elsewhere).await), 1);
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 2));
            let another = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&another).await), 1);
        }

        /// The key of a mail at its address says nothing about the same mail at another one.
        async fn repeats_are_found_at_the_address(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let second = scene.address(route.organization, &[route.integration.id]).await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Address, 1));
            let first = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&first).await), 1);
            let at_second = NewEvent { deduplication, ..scene.samples.event(&second) };
            assert_eq!(accepted(&scene.record(&at_second).await), 1);
            let recipient = Recipient::Name(route.address.name.as_str().to_owned());
            let repeat = NewEvent { deduplication, recipient, ..scene.samples.event(&route.address) };
            assert_eq!(scene.record(&repeat).await, Recorded::Duplicate { event: first.id, dispatch_count: 1 });
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let other_scope = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&other_scope).await), 1);
        }

        /// One mail with two recipients that are the same address arrives once.
        async fn repeats_are_found_within_one_call(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Address, 1));
            let event = || NewEvent { deduplication, ..scene.samples.event(&route.address) };
            let events = [event(), event(), event()];
            let recorded = scene.store.record(&events, 0, None).await.unwrap();
            let duplicate = Recorded::Duplicate { event: events[0].id, dispatch_count: 1 };
            assert_eq!(accepted(&recorded[0]), 1);
            assert_eq!(recorded[1..], [duplicate.clone(), duplicate]);
        }

        /// The same key for another content is a mistake, and says so instead of swallowing the event.
        async fn another_content_is_a_mismatch(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = scene.samples.deduplication(DeduplicationScope::Organization, 1);
            let other = Deduplication { fingerprint: [8; 32], ..deduplication };
            let event = |deduplication| NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&event(Some(deduplication))).await), 1);
            assert_eq!(scene.record(&event(Some(other))).await, Recorded::Mismatch);
            assert!(matches!(scene.record(&event(Some(deduplication))).await, Recorded::Duplicate { .. }));
        }

        /// A key is remembered up to its last moment, pruned or not, and free from then on.
        async fn keys_expire(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let event = || {
                let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
                NewEvent { deduplication, ..scene.samples.event(&route.address) }
            };
            let first = event();
            assert_eq!(accepted(&scene.record(&first).await), 1);
            scene.pass(3_599);
            scene.store.prune(scene.now()).await.unwrap();
            assert!(matches!(scene.record(&event()).await, Recorded::Duplicate { .. }));
            scene.pass(1);
            let second = event();
            assert_eq!(accepted(&scene.record(&second).await), 1);
            scene.pass(1);
            let repeat = Recorded::Duplicate { event: second.id, dispatch_count: 1 };
            assert_eq!(scene.record(&event()).await, repeat);
            scene.pass(4_000);
            scene.store.prune(scene.now()).await.unwrap();
            assert_eq!(accepted(&scene.record(&event()).await), 1);
        }

        /// The sender who repeats must get the answer that was lost, whatever has happened since.
        async fn a_repeat_is_answered_though_the_address_is_gone(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            assert_eq!(accepted(&scene.record(&event).await), 1);
            scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap();
            assert_eq!(scene.record(&event).await, Recorded::Duplicate { event: event.id, dispatch_count: 1 });
        }

        /// What was refused is not remembered as if it had been accepted.
        async fn a_refused_event_leaves_no_key(harness) {
            let scene = scene(harness);
            let address = scene.samples.address(scene.organization().await);
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&address) };
            assert_eq!(scene.record(&event).await, Recorded::UnknownAddress);
            scene.store.create_address(&address, &[]).await.unwrap().unwrap();
            assert_eq!(accepted(&scene.record(&event).await), 0);
        }
    }
}
