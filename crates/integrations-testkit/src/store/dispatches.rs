//! Dispatches for their owners: lists, canceling, sending again.

use integrations_core::{
    CancelReason, DispatchStatus, FailureKind, IntegrationStatus, Reason, later,
    store::{Begun, DispatchFilter, Page, Settled},
};

use super::{StoreHarness, read_all, scene};
use crate::{
    builders::{failure, receipt},
    suite::suite,
};

suite! { $
    store_dispatches in store::dispatches for StoreHarness {
        /// Newest first, in pieces, and new ones do not shift what is being read.
        async fn lists_are_newest_first(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let mut ids = scene.dispatches(&route.address, 5).await;
            let list = |page| scene.store.list_dispatches(route.organization, DispatchFilter::default(), page);
            let first = list(Page::first(2)).await.unwrap();
            scene.dispatches(&route.address, 3).await;
            let rest = list(Page { limit: 10, after: first.next }).await.unwrap();
            ids.reverse();
            let read: Vec<_> = first.items.iter().chain(&rest.items).map(|row| row.id).collect();
            assert_eq!((read, rest.next), (ids, None));
            assert_eq!(read_all(3, list).await.len(), 8);
            let one = list(Page::first(1)).await.unwrap().items.remove(0);
            assert_eq!(scene.store.dispatch(route.organization, one.id).await.unwrap(), Some(one));
        }

        /// Filters narrow, alone and together, and pieces are full all the same.
        async fn lists_are_filtered(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let (a, b) = (scene.integration(organization).await.id, scene.integration(organization).await.id);
            let (both, only_b) = (scene.address(organization, &[a, b]).await, scene.address(organization, &[b]).await);
            for _ in 0..3 {
                scene.publish(&both).await;
                let delivered = scene.dispatch(&only_b).await;
                scene.deliver(delivered).await;
            }
            let count = async |integration, address, status| {
                let filter = DispatchFilter { integration, address, status };
                let list = |page| scene.store.list_dispatches(organization, filter, page);
                let read = read_all(2, list).await;
                assert!(read.iter().all(|row| integration.is_none_or(|wanted| row.integration == wanted)
                    && address.is_none_or(|wanted| row.address_id == wanted)
                    && status.is_none_or(|wanted| row.state.status == wanted)));
                read.len()
            };
            let (pending, delivered) = (Some(DispatchStatus::Pending), Some(DispatchStatus::Delivered));
            assert_eq!(count(None, None, None).await, 9);
            assert_eq!(count(Some(a), None, None).await, 3);
            assert_eq!(count(Some(b), None, None).await, 6);
            assert_eq!(count(None, Some(both.id), None).await, 6);
            assert_eq!(count(None, None, delivered).await, 3);
            assert_eq!(count(Some(b), Some(both.id), pending).await, 3);
            assert_eq!(count(Some(a), Some(only_b.id), None).await, 0);
            assert_eq!(count(Some(a), None, delivered).await, 0);
        }

        /// What waits is listed whether or not it was tried or is held, in one order and in full pieces, beneath what
        /// came later and in whatever order it became due.
        async fn whatever_waits_is_listed(harness) {
            let scene = scene(harness);
            let (route, others) = (scene.route().await, scene.route().await);
            let held = scene.route_in(route.organization).await;
            let mut pending = Vec::new();
            for _ in 0..2 {
                scene.pass(10);
                pending.push(scene.dispatch(&route.address).await);
                scene.dispatch(&others.address).await;
                let (first, second) = (scene.dispatch(&held.address).await, scene.dispatch(&held.address).await);
                scene.set_status(&held.integration, IntegrationStatus::Paused).await;
                scene.wait(first).await;
                scene.set_status(&held.integration, IntegrationStatus::Active).await;
                pending.extend([first, second]);
                let delivered = scene.dispatch(&route.address).await;
                scene.deliver(delivered).await;
            }
            let retried = scene.dispatch(&route.address).await;
            scene.fail(retried, failure(FailureKind::Unavailable)).await;
            let again = scene.dispatch(&route.address).await;
            scene.store.cancel(route.organization, again).await.unwrap();
            scene.pass(10);
            pending.push(scene.dispatch(&route.address).await);
            scene.store.replay(route.organization, again, scene.now()).await.unwrap();
            pending.insert(pending.len() - 1, again);

            let read = async |status, integration, address| {
                let filter = DispatchFilter { status: Some(status), integration, address };
                let list = |page| scene.store.list_dispatches(route.organization, filter, page);
                let (pieces, whole) = (read_all(2, list).await, read_all(100, list).await);
                assert_eq!(pieces, whole);
                whole.iter().rev().map(|row| row.id).collect::<Vec<_>>()
            };
            assert_eq!(read(DispatchStatus::Pending, None, None).await, pending);
            let of_held = [pending[1], pending[2], pending[4], pending[5]];
            assert_eq!(read(DispatchStatus::Pending, Some(held.integration.id), None).await, of_held);
            assert_eq!(read(DispatchStatus::Pending, None, Some(held.address.id)).await, of_held);
            assert_eq!(read(DispatchStatus::RetryScheduled, None, None).await, [retried]);
        }

        /// The history of what was deleted can still be asked for.
        async fn history_outlives_what_is_deleted(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.deliver(id).await;
            let before = scene.read(&route, id).await;
            scene.store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
            scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap();
            assert_eq!(scene.read(&route, id).await, before);
            for filter in [
                DispatchFilter { integration: Some(route.integration.id), ..DispatchFilter::default() },
                DispatchFilter { address: Some(route.address.id), ..DispatchFilter::default() },
            ] {
                let list = |page| scene.store.list_dispatches(route.organization, filter, page);
                assert_eq!(read_all(10, list).await, std::slice::from_ref(&before));
            }
        }

        /// While it waits it can be canceled, once; then it never starts.
        async fn waiting_dispatches_are_canceled(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (pending, retried) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            scene.fail(retried, failure(FailureKind::Unavailable)).await;
            for id in [pending, retried] {
                let (dispatch, canceled) = scene.store.cancel(route.organization, id).await.unwrap().unwrap();
                assert!(canceled);
                assert_eq!(dispatch, scene.read(&route, id).await);
                assert_eq!(dispatch.state.status, DispatchStatus::Canceled);
                assert_eq!(dispatch.state.reason, Some(Reason::Cancel(CancelReason::Requested)));
                assert_eq!(scene.store.cancel(route.organization, id).await.unwrap(), Some((dispatch, false)));
                assert!(matches!(scene.begin(id).await, Begun::Nothing));
            }
            assert_eq!(scene.store.due(scene.in_seconds(1_000), None, 10).await.unwrap(), []);
        }

        /// What is on its way or has ended cannot be canceled, and says what it is.
        async fn what_does_not_wait_is_not_canceled(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (open, delivered) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let failed = scene.dispatch(&route.address).await;
            let attempt = scene.start(open).await;
            scene.deliver(delivered).await;
            scene.reject(failed).await;
            for id in [open, delivered, failed] {
                let before = scene.read(&route, id).await;
                assert_eq!(scene.store.cancel(route.organization, id).await.unwrap(), Some((before, false)));
            }
            assert_eq!(scene.settle(&attempt, Ok(receipt())).await, Settled::Ended);
        }

        /// Failed and canceled ones go again from the start, with a fresh window and all their history.
        async fn ended_dispatches_are_replayed(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (failed, canceled) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            scene.reject(failed).await;
            scene.store.cancel(route.organization, canceled).await.unwrap();
            scene.pass(100_000);
            for (id, attempts) in [(failed, 2), (canceled, 1)] {
                let replayed = scene.store.replay(route.organization, id, scene.now()).await.unwrap();
                let (dispatch, entry) = replayed.unwrap();
                assert_eq!(dispatch, scene.read(&route, id).await);
                assert_eq!((dispatch.state.status, dispatch.state.reason), (DispatchStatus::Pending, None));
                let due = scene.store.due(scene.now(), None, 10).await.unwrap();
                assert_eq!(due, [entry.unwrap()]);
                assert_eq!((due[0].dispatch, due[0].due), (id, scene.now()));
                scene.deliver(id).await;
                let state = scene.read(&route, id).await.state;
                assert_eq!(state.window_ends_at, Some(later(scene.now(), scene.policy.retry.window)));
                assert_eq!(scene.attempts(route.organization, id).await.len(), attempts);
            }
        }

        /// What waits, is on its way or has arrived is not sent again.
        async fn what_has_not_failed_is_not_replayed(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (waiting, open) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let delivered = scene.dispatch(&route.address).await;
            scene.start(open).await;
            scene.deliver(delivered).await;
            for id in [waiting, open, delivered] {
                let before = scene.read(&route, id).await;
                let replayed = scene.store.replay(route.organization, id, scene.now()).await.unwrap();
                assert_eq!(replayed, Some((before.clone(), None)));
                assert_eq!(scene.read(&route, id).await, before);
            }
        }

        /// With its integration or its address the reason to send it is gone.
        async fn what_is_deleted_is_not_replayed(harness) {
            let scene = scene(harness);
            let (one, two) = (scene.route().await, scene.route().await);
            let (a, b) = (scene.dispatch(&one.address).await, scene.dispatch(&two.address).await);
            scene.reject(a).await;
            scene.store.delete_integration(one.organization, one.integration.id, scene.now()).await.unwrap();
            scene.store.delete_address(two.organization, two.address.id, scene.now()).await.unwrap();
            for (route, id) in [(&one, a), (&two, b)] {
                let before = scene.read(route, id).await;
                let replayed = scene.store.replay(route.organization, id, scene.now()).await.unwrap();
                assert_eq!(replayed, Some((before, None)));
            }
        }
    }
}
