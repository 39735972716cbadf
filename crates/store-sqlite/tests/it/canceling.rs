//! What waits is canceled however much it is.

use integrations_core::store::{Begun, DeletedIntegration, IntegrationStore as _, Recorded, WorkStore as _};
use store_sqlite::OpenOptions;

use crate::support::{Place, scene};

/// More than is canceled in one piece.
const MANY: usize = 2_100;

#[tokio::test]
async fn all_fresh_dispatches_of_a_deleted_integration_are_canceled() {
    let place = Place::new();
    let store = place.open_with(OpenOptions::default().exclusive(true)).await;
    let (scene, route) = scene(&store).await;
    let (beside, elsewhere) = (scene.route_in(route.organization).await, scene.route().await);
    let others = [scene.dispatch(&beside.address).await, scene.dispatch(&elsewhere.address).await];
    let events: Vec<_> = (0..MANY).map(|_| scene.samples.event(&route.address)).collect();
    let recorded = scene.store.record(&events, 0, None).await.unwrap();
    assert!(recorded.iter().all(|one| matches!(one, Recorded::Accepted { dispatch_count: 1, .. })));

    let deleted = store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
    let canceled = DeletedIntegration { cleared_addresses: 1, canceled_dispatches: MANY as u64 };
    assert_eq!(deleted, Some(canceled));
    let due = store.due(scene.now(), None, 10).await.unwrap();
    assert_eq!(due.iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), others);
    assert!(matches!(scene.begin(others[0]).await, Begun::Started(_)));
}
