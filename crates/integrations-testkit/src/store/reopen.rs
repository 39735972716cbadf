//! What is stored is there again after the store is opened anew.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    FailureKind, IntegrationStatus, Rate, Sealed, Store,
    store::{Abandoned, DeduplicationScope, DispatchFilter, NewEvent, Page, Recorded, Settled},
};

use super::{StoreHarness, read_all, scene};
use crate::{
    builders::{failure, receipt},
    scene::{Route, Scene},
    suite::suite,
};

/// Everything that can be read, in words.
async fn everything(store: &Arc<dyn Store>, scene: &Scene) -> String {
    let mut all = format!("{:?}\n", store.canary().await.unwrap());
    for organization in read_all(10, |page| store.list_organizations(page)).await {
        let id = organization.id;
        all += &format!("{organization:?}\n");
        for key in store.list_api_keys(id, Page::first(10)).await.unwrap().items {
            all += &format!("{key:?} {:?}\n", key.hash);
        }
        all += &format!("{:?}\n", store.list_integrations(id, Page::first(10)).await.unwrap());
        all += &format!("{:?}\n", store.list_addresses(id, Page::first(10)).await.unwrap());
        let filter = DispatchFilter::default();
        for dispatch in store.list_dispatches(id, filter, Page::first(100)).await.unwrap().items {
            all += &format!(
                "{dispatch:?} {:?}\n",
                store.dispatch_with_attempts(id, dispatch.id).await.unwrap().unwrap().1
            );
        }
    }
    all + &format!("{:?}", store.due(scene.in_seconds(10_000_000), None, 100).await.unwrap())
}

/// A route with a dispatch in every state that there is.
async fn busy_route(scene: &Scene) -> Route {
    let route = scene.route().await;
    let ids = scene.dispatches(&route.address, 7).await;
    scene.deliver(ids[0]).await;
    scene.reject(ids[1]).await;
    scene.store.cancel(route.organization, ids[2]).await.unwrap();
    scene.fail(ids[3], failure(FailureKind::Unconfirmed)).await;
    scene.start(ids[4]).await;
    scene.set_status(&route.integration, IntegrationStatus::Paused).await;
    scene.begin(ids[5]).await;
    route
}

suite! { $
    store_reopen in store::reopen for StoreHarness {
        /// Everything that could be read before reads the same.
        async fn everything_reads_the_same(harness) {
            let scene = scene(harness);
            scene.store.ensure_canary(&Sealed { envelope: vec![1; 64] }).await.unwrap();
            for _ in 0..2 {
                let route = busy_route(&scene).await;
                scene.store.create_api_key(&scene.samples.api_key(route.organization)).await.unwrap();
            }
            let deleted = busy_route(&scene).await;
            scene.store.delete_integration(deleted.organization, deleted.integration.id, scene.now()).await.unwrap();
            let before = everything(&scene.store, &scene).await;
            let reopened = harness.reopen().await;
            let after = everything(&reopened, &scene).await;
            assert_eq!(after, before);
        }

        /// The work goes on where it was: open attempts settle, numbers rise on, repeats are known.
        async fn work_goes_on(harness) {
            let mut scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            let deduplication = Some(scene.samples.deduplication(DeduplicationScope::Address, 1));
            let event = NewEvent { deduplication, ..scene.samples.event(&route.address) };
            let Recorded::Accepted { entries: old, .. } = scene.record(&event).await else { panic!("not accepted") };
            scene.store = harness.reopen().await;
            assert_eq!(scene.record(&event).await, Recorded::Duplicate { event: event.id, dispatch_count: 1 });
            let next = scene.samples.event(&route.address);
            let Recorded::Accepted { entries: new, .. } = scene.record(&next).await else { panic!("not accepted") };
            assert!(new[0].sequence > old[0].sequence);
            assert_eq!(scene.settle(&attempt, Ok(receipt())).await, Settled::Ended);
            scene.deliver(old[0].dispatch).await;
            scene.deliver(new[0].dispatch).await;
        }

        /// An attempt that was open when the process died is found, and its late answer is refused.
        async fn open_attempts_are_found(harness) {
            let mut scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            scene.store = harness.reopen().await;
            let found = scene.store.interrupt(Abandoned::All, &scene.policy, scene.now(), 10).await.unwrap();
            assert_eq!(found.iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), [id]);
            assert_eq!(scene.settle(&attempt, Ok(receipt())).await, Settled::Late);
            scene.deliver(id).await;
        }

        /// Waits that services imposed, turns that were reserved and windows that were opened are not forgotten.
        async fn limits_are_not_forgotten(harness) {
            let mut scene = scene(harness);
            scene.policy.daily_limit = 2;
            let paced = scene.paced_route(Rate::new(5_000, 1)).await;
            let (first, second) = (scene.dispatch(&paced.address).await, scene.dispatch(&paced.address).await);
            scene.deliver(first).await;
            let parked = scene.route().await;
            let id = scene.dispatch(&parked.address).await;
            let error = failure(FailureKind::Throttled).with_retry_after(Some(Duration::from_secs(90)));
            scene.fail(id, error).await;
            let full = scene.route().await;
            for id in scene.dispatches(&full.address, 2).await {
                scene.deliver(id).await;
            }
            scene.store = harness.reopen().await;
            assert_eq!(scene.wait(second).await, scene.in_seconds(5));
            let late = scene.dispatch(&parked.address).await;
            assert_eq!(scene.wait(late).await, scene.in_seconds(90));
            let late = scene.dispatch(&full.address).await;
            assert_eq!(scene.wait(late).await, scene.in_seconds(86_400));
        }
    }
}
