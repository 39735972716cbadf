//! A store in a folder of its own.

use std::{path::PathBuf, sync::Arc};

use integrations_core::store::{NewEvent, Recorded};
use integrations_testkit::scene::{Route, Scene};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use store_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;

/// A folder that goes with the test, and a database in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.path().join("data").join("store.db")
    }

    pub(crate) async fn open(&self) -> SqliteStore {
        self.open_with(OpenOptions::default()).await
    }

    pub(crate) async fn open_with(&self, options: OpenOptions) -> SqliteStore {
        SqliteStore::open(self.database(), options).await.unwrap()
    }

    /// A connection past the store, for looking and for breaking things.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.database()).connect().await.unwrap()
    }
}

/// A store with an address that subscribes an integration.
pub(crate) async fn scene(store: &SqliteStore) -> (Scene, Route) {
    let scene = Scene::new(Arc::new(store.clone()));
    let route = scene.route().await;
    (scene, route)
}

/// Starts recording each event in a call of its own, without waiting for the answers. The events are in the writer's
/// queue when this returns, as long as nothing else runs on the runtime.
pub(crate) async fn record_each(
    scene: &Scene,
    events: Vec<NewEvent>,
) -> Vec<tokio::task::JoinHandle<Result<Vec<Recorded>, integrations_core::StoreError>>> {
    let tasks = events.into_iter().map(|event| {
        let store = Arc::clone(&scene.store);
        tokio::spawn(async move { store.record(&[event], 0).await })
    });
    let tasks = tasks.collect();
    tokio::task::yield_now().await;
    tasks
}

/// A number that a statement gives.
pub(crate) async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}
