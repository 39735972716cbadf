//! A full disk: refusals, no loss, and recovery.

use std::sync::Arc;

use integrations_core::{
    Store, StoreError,
    store::{DispatchFilter, Page, Recorded, WorkStore as _},
};
use integrations_testkit::scene::Scene;
use store_sqlite::OpenOptions;

use crate::support::{Place, record_each, scene};

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let place = Place::new();
    let store = place.open_with(OpenOptions::default().max_pages(100)).await;
    let (full, route) = scene(&store).await;
    let mut accepted = Vec::new();
    let refused = loop {
        match full.store.record(&[full.samples.event(&route.address)], 0, None).await {
            Ok(recorded) => accepted.extend(recorded),
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, StoreError::Unavailable { reason: "the disk is full", .. }), "{refused:?}");
    assert!(accepted.len() > 50, "the limit is of no use to this test");
    // Several at once are refused together, and the store is still there.
    let events = (0..10).map(|_| full.samples.event(&route.address)).collect();
    for call in record_each(&full, events).await {
        assert!(matches!(call.await.unwrap(), Err(StoreError::Unavailable { .. })));
    }
    let list = full.store.list_dispatches(route.organization, DispatchFilter::default(), Page::first(1000)).await;
    assert_eq!(list.unwrap().items.len(), accepted.len());
    store.close().await;

    // There is room again.
    let store = place.open().await;
    let due = store.due(full.now(), None, 1000).await.unwrap();
    let entries = accepted.iter().flat_map(|recorded| match recorded {
        Recorded::Accepted { entries, .. } => entries.as_slice(),
        other => panic!("not accepted: {other:?}"),
    });
    assert_eq!(due, entries.cloned().collect::<Vec<_>>());
    let store: Arc<dyn Store> = Arc::new(store);
    let again = Scene { store, samples: full.samples, policy: full.policy };
    again.deliver(again.dispatch(&route.address).await).await;
}
