//! What belongs to another organization reads like what does not exist.

use integrations_core::{
    Integration, OrganizationId,
    store::{DispatchFilter, Recipient, Recorded},
};

use super::{StoreHarness, read_all, scene};
use crate::{
    scene::{Route, Scene},
    suite::suite,
};

/// Everything of a route, as its owner reads it.
async fn read(scene: &Scene, route: &Route) -> String {
    let organization: OrganizationId = route.organization;
    let integrations = read_all(10, |page| scene.store.list_integrations(organization, page)).await;
    let addresses = read_all(10, |page| scene.store.list_addresses(organization, page)).await;
    let filter = DispatchFilter::default();
    let dispatches = read_all(10, |page| scene.store.list_dispatches(organization, filter, page)).await;
    format!("{integrations:?} {addresses:?} {dispatches:?}")
}

suite! { $
    store_tenants in store::tenants for StoreHarness {
        /// No reading method shows anything of another organization.
        async fn reads_are_isolated(harness) {
            let scene = scene(harness);
            let (own, thief) = (scene.route().await, scene.organization().await);
            let id = scene.dispatch(&own.address).await;
            scene.reject(id).await;
            let store = &scene.store;
            assert_eq!(store.integration(thief, own.integration.id).await.unwrap(), None);
            assert_eq!(store.address(thief, own.address.id).await.unwrap(), None);
            assert_eq!(store.dispatch(thief, id).await.unwrap(), None);
            assert_eq!(store.dispatch_with_attempts(thief, id).await.unwrap(), None);
            assert_eq!(store.count_integrations(thief).await.unwrap(), 0);
            assert_eq!(store.address_counts(thief, &[own.integration.id]).await.unwrap(), [0]);
            assert_eq!(read_all(10, |page| store.list_integrations(thief, page)).await, []);
            assert_eq!(read_all(10, |page| store.list_addresses(thief, page)).await, []);
            for filter in [
                DispatchFilter::default(),
                DispatchFilter { integration: Some(own.integration.id), ..DispatchFilter::default() },
                DispatchFilter { address: Some(own.address.id), ..DispatchFilter::default() },
            ] {
                assert_eq!(read_all(10, |page| store.list_dispatches(thief, filter, page)).await, []);
            }
        }

        /// No writing method touches anything of another organization.
        async fn writes_are_isolated(harness) {
            let scene = scene(harness);
            let (own, thief) = (scene.route().await, scene.organization().await);
            let (waiting, failed) = (scene.dispatch(&own.address).await, scene.dispatch(&own.address).await);
            scene.reject(failed).await;
            let before = read(&scene, &own).await;
            let (store, now) = (&scene.store, scene.now());
            let stolen = Integration { organization: thief, ..own.integration.clone() };
            assert!(!store.update_integration(&stolen).await.unwrap());
            assert_eq!(store.delete_integration(thief, own.integration.id, now).await.unwrap(), None);
            assert_eq!(store.set_subscriptions(thief, own.address.id, &[], now).await.unwrap(), None);
            assert!(!store.delete_address(thief, own.address.id, now).await.unwrap());
            assert_eq!(store.cancel(thief, waiting).await.unwrap(), None);
            assert_eq!(store.replay(thief, failed, now).await.unwrap(), None);
            for recipient in [Recipient::Id(own.address.id), Recipient::Name(own.address.name.as_str().to_owned())] {
                let mut event = scene.samples.event(&own.address);
                (event.organization, event.recipient) = (thief, recipient);
                assert_eq!(scene.record(&event).await, Recorded::UnknownAddress);
            }
            assert_eq!(read(&scene, &own).await, before);
        }
    }
}
