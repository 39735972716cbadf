//! Accepting events: what is dispatched, and what is too much.

use integrations_core::{
    CancelReason, DispatchId, DispatchState, EventType, FailureKind, IntegrationStatus, Payload, Reach, Reason,
    store::{DeduplicationScope, DispatchFilter, NewEvent, Page, Recipient, Recorded},
};

use super::{StoreHarness, scene};
use crate::{builders::failure, sample, suite::suite};

/// The number of dispatches of an accepted event.
pub(super) fn accepted(recorded: &Recorded) -> usize {
    match recorded {
        Recorded::Accepted { entries, .. } => entries.len(),
        other => panic!("not accepted: {other:?}"),
    }
}

suite! { $
    store_events in store::events for StoreHarness {
        /// Each subscription gets one dispatch, which shows all that its owner wants to see of the event.
        async fn one_dispatch_for_each_subscription(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let (a, b, unasked) = (
                scene.integration(organization).await,
                scene.integration(organization).await,
                scene.integration(organization).await,
            );
            let address = scene.address(organization, &[a.id, b.id]).await;
            let event = scene.samples.event(&address);
            assert_eq!(accepted(&scene.record(&event).await), 2);
            for integration in [&a, &b] {
                let id = DispatchId::derive(event.id, integration.id);
                let dispatch = scene.store.dispatch(organization, id).await.unwrap().unwrap();
                assert_eq!((dispatch.id, dispatch.organization), (id, organization));
                assert_eq!((dispatch.event, dispatch.event_type), (event.id, EventType::EmailReceived));
                assert_eq!((dispatch.integration, dispatch.provider.as_str()), (integration.id, "sample"));
                assert_eq!((dispatch.address_id, dispatch.address.as_str()), (address.id, address.name.as_str()));
                assert_eq!(dispatch.subject, sample::mail().subject);
                assert_eq!(dispatch.created_at, event.received_at);
                assert_eq!(dispatch.state, DispatchState::accepted(event.received_at));
                assert_eq!(scene.attempts(organization, id).await, []);
            }
            let id = DispatchId::derive(event.id, unasked.id);
            assert_eq!(scene.store.dispatch(organization, id).await.unwrap(), None);
        }

        /// The queue is told what the store will say when it is asked: lane, time and place.
        async fn entries_tell_the_queue(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let events = [scene.samples.event(&route.address), scene.samples.event(&route.address)];
            let recorded = scene.store.record(&events, 0, None).await.unwrap();
            let mut entries = Vec::new();
            for one in recorded {
                let Recorded::Accepted { entries: of_event, .. } = one else { panic!("not accepted") };
                entries.extend(of_event);
            }
            assert_eq!(entries.len(), 2);
            for (entry, event) in entries.iter().zip(&events) {
                assert_eq!(entry.dispatch, DispatchId::derive(event.id, route.integration.id));
                assert_eq!(entry.organization, route.organization);
                assert_eq!(entry.lane, route.integration.lane_key(Reach::Destination));
                assert_eq!(entry.due, event.received_at);
            }
            assert!(entries[0].sequence < entries[1].sequence);
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap(), entries);
        }

        /// Stopped integrations go on accepting: what they get waits until they are active again.
        async fn stopped_integrations_accept(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            for status in [IntegrationStatus::Paused, IntegrationStatus::Disabled] {
                scene.set_status(&route.integration, status).await;
                assert_eq!(scene.publish(&route.address).await.len(), 1);
            }
        }

        /// An address that nobody listens to is an address all the same.
        async fn an_event_without_subscribers_is_accepted(harness) {
            let scene = scene(harness);
            let address = scene.address(scene.organization().await, &[]).await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&address) };
            assert_eq!(accepted(&scene.record(&event).await), 0);
            let repeat = Recorded::Duplicate { event: event.id, dispatch_count: 0 };
            assert_eq!(scene.record(&event).await, repeat);
        }

        /// By name or by identifier, in its organization only, and not when it is deleted.
        async fn recipients_are_found_in_either_way(harness) {
            let scene = scene(harness);
            let (route, other) = (scene.route().await, scene.route().await);
            let to = |recipient| NewEvent { recipient, ..scene.samples.event(&route.address) };
            let name = |text: &str| Recipient::Name(text.to_owned());
            assert_eq!(accepted(&scene.record(&to(name(route.address.name.as_str()))).await), 1);
            assert_eq!(accepted(&scene.record(&to(Recipient::Id(route.address.id))).await), 1);
            for unknown in [
                name("nobody@mail.example"),
                name(other.address.name.as_str()),
                Recipient::Id(other.address.id),
                Recipient::Id(scene.samples.address(route.organization).id),
            ] {
                assert_eq!(scene.record(&to(unknown)).await, Recorded::UnknownAddress);
            }
            scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap();
            assert_eq!(scene.record(&to(name(route.address.name.as_str()))).await, Recorded::UnknownAddress);
            assert_eq!(scene.record(&to(Recipient::Id(route.address.id))).await, Recorded::UnknownAddress);
        }

        /// Each event of a call has its own answer, in order: a bad one spoils no other.
        async fn events_of_one_call_are_independent(harness) {
            let scene = scene(harness);
            let (route, other) = (scene.route().await, scene.route().await);
            let unknown = scene.samples.address(route.organization);
            let addresses = [&route.address, &unknown, &other.address, &route.address];
            let events = addresses.map(|address| scene.samples.event(address));
            let recorded = scene.store.record(&events, 0, None).await.unwrap();
            assert_eq!(recorded.len(), 4);
            assert_eq!(recorded[1], Recorded::UnknownAddress);
            for at in [0, 2, 3] {
                assert_eq!(accepted(&recorded[at]), 1);
            }
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap().len(), 3);
            assert_eq!(scene.store.record(&[], 0, None).await.unwrap(), []);
        }

        /// Any text that a stranger can send reads back letter by letter.
        async fn any_text_is_kept(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            for text in sample::hostile_texts() {
                let payload = Payload::EmailReceived(sample::mail_full_of(&text));
                let event = NewEvent { payload: payload.clone(), ..scene.samples.event(&route.address) };
                assert_eq!(accepted(&scene.record(&event).await), 1);
                let attempt = scene.start(DispatchId::derive(event.id, route.integration.id)).await;
                assert_eq!(attempt.event.payload, payload);
                assert_eq!(scene.read(&route, attempt.dispatch).await.subject, Some(text));
            }
        }

        /// The bound is exact, counts what waits and nothing else, and is each organization's own.
        async fn too_much_waiting_is_exact(harness) {
            let scene = scene(harness);
            let (route, other) = (scene.route().await, scene.route().await);
            let publish = async |max_waiting| {
                let event = scene.samples.event(&route.address);
                scene.store.record(&[event], max_waiting, None).await.unwrap().remove(0)
            };
            let open = scene.dispatch(&route.address).await;
            let attempt = scene.start(open).await;
            for _ in 0..3 {
                assert_eq!(accepted(&publish(2).await), 1);
            }
            assert_eq!(publish(2).await, Recorded::TooMuchWaiting);
            assert_eq!(accepted(&scene.store.record(&[scene.samples.event(&other.address)], 2, None).await.unwrap()[0]), 1);
            assert_eq!(accepted(&publish(0).await), 1);
            assert_eq!(accepted(&publish(4).await), 1);

            // Whatever ends makes room: delivered, canceled. An open attempt that must wait again takes it.
            let list = scene.store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(10)).await;
            let waiting: Vec<_> = list.unwrap().items.into_iter().filter(|row| row.state.status.is_waiting()).collect();
            assert_eq!(waiting.len(), 5);
            scene.deliver(waiting[0].id).await;
            assert_eq!(publish(3).await, Recorded::TooMuchWaiting);
            scene.store.cancel(route.organization, waiting[1].id).await.unwrap();
            assert_eq!(accepted(&publish(3).await), 1);
            scene.store.cancel(route.organization, waiting[2].id).await.unwrap();
            let error = failure(FailureKind::Unavailable);
            scene.settle(&attempt, Err(error)).await;
            assert_eq!(publish(3).await, Recorded::TooMuchWaiting);
            let canceled = scene.read(&route, waiting[2].id).await.state.reason;
            assert_eq!(canceled, Some(Reason::Cancel(CancelReason::Requested)));
        }

        /// Who repeats adds nothing, so a repeat is answered even then; and a call counts as what it found.
        async fn too_much_waiting_refuses_new_events_only(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Organization, 1));
            let first = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            let new = || scene.samples.event(&route.address);
            let recorded = scene.store.record(&[first.clone(), new(), new()], 1, None).await.unwrap();
            assert!(recorded.iter().all(|one| accepted(one) == 1));
            let unknown = scene.samples.event(&scene.samples.address(route.organization));
            let recorded = scene.store.record(&[new(), first.clone(), unknown], 1, None).await.unwrap();
            assert_eq!(recorded[0], Recorded::TooMuchWaiting);
            assert_eq!(recorded[1], Recorded::Duplicate { event: first.id, dispatch_count: 1 });
            assert_eq!(recorded[2], Recorded::UnknownAddress);
        }
    }
}
