//! Lists of dispatches go on where they ended, whatever happened between.

use std::{fs, sync::Arc};

use integrations_core::{
    DispatchId,
    store::{DispatchFilter, DispatchStore as _, Page},
};
use integrations_testkit::scene::{Route, Scene};
use store_sqlite::{OpenOptions, SqliteStore};

use crate::support::{Place, scene};

/// Whether each list is these dispatches, the last one first.
async fn assert_lists(store: &SqliteStore, route: &Route, dispatches: &[DispatchId]) {
    let (address, integration) = (Some(route.address.id), Some(route.integration.id));
    let all = DispatchFilter::default();
    for filter in [all, DispatchFilter { address, ..all }, DispatchFilter { integration, ..all }] {
        let page = store.list_dispatches(route.organization, filter, Page::first(100)).await.unwrap();
        let listed: Vec<_> = page.items.iter().rev().map(|dispatch| dispatch.id).collect();
        assert_eq!(listed, dispatches, "{filter:?}");
    }
}

/// Adds dispatches on the same threads and on others.
async fn lengthen(store: &SqliteStore, scene: Scene, route: &Route, other: &Route) -> Vec<DispatchId> {
    let scene = Scene { store: Arc::new(store.clone()), ..scene };
    scene.dispatch(&other.address).await;
    let dispatches = scene.dispatches(&route.address, 3).await;
    scene.dispatch(&other.address).await;
    dispatches
}

#[tokio::test]
async fn lists_are_whole_after_a_crash() {
    let (place, copy) = (Place::new(), Place::new());
    let alone = OpenOptions::default().exclusive(true);
    let store = place.open_with(alone).await;
    let (scene, route) = scene(&store).await;
    let other = scene.route().await;
    let mut dispatches = scene.dispatches(&route.address, 3).await;
    // The files as a process leaves them that is killed.
    fs::create_dir(copy.database().parent().unwrap()).unwrap();
    for end in ["", "-wal"] {
        let file = |place: &Place| format!("{}{end}", place.database().display());
        fs::copy(file(&place), file(&copy)).unwrap();
    }
    let store = copy.open_with(alone).await;
    assert_lists(&store, &route, &dispatches).await;
    dispatches.extend(lengthen(&store, scene, &route, &other).await);
    assert_lists(&store, &route, &dispatches).await;
}

#[tokio::test]
async fn lists_go_on_in_a_file_of_the_first_schema() {
    let place = Place::new();
    let store = place.open().await;
    let (scene, route) = scene(&store).await;
    let other = scene.route().await;
    let mut dispatches = scene.dispatches(&route.address, 3).await;
    store.close().await;
    place.go_back().await;

    let store = place.open_with(OpenOptions::default().exclusive(true)).await;
    assert_lists(&store, &route, &dispatches).await;
    dispatches.extend(lengthen(&store, scene, &route, &other).await);
    assert_lists(&store, &route, &dispatches).await;
}
