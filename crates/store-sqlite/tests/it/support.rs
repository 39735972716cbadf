//! A store in a folder of its own.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use integrations_core::{
    StoreError,
    store::{FirstAttempts, NewEvent, Recorded},
};
use integrations_testkit::{
    scene::{Route, Scene},
    slots::CountedSlots,
};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use store_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;
use tokio::task::JoinHandle;

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

    /// Makes the file, which nobody has open, one of the first schema.
    pub(crate) async fn go_back(&self) {
        sqlx::raw_sql(include_str!("first_schema.sql")).execute(&mut self.connect().await).await.unwrap();
    }
}

/// A store with an address that subscribes an integration.
pub(crate) async fn scene(store: &SqliteStore) -> (Scene, Route) {
    let scene = Scene::new(Arc::new(store.clone()));
    let route = scene.route().await;
    (scene, route)
}

/// A call that waits for its answer.
pub(crate) type Recording = JoinHandle<Result<Vec<Recorded>, StoreError>>;

/// Records each event in a call of its own. On a runtime of one thread, all of them have been handed to the writer when
/// this returns.
pub(crate) async fn record_each(scene: &Scene, events: Vec<NewEvent>) -> Vec<Recording> {
    record_each_in(scene, events, None).await
}

/// The same with slots for first attempts.
pub(crate) async fn record_each_in(
    scene: &Scene,
    events: Vec<NewEvent>,
    slots: Option<&Arc<CountedSlots>>,
) -> Vec<Recording> {
    let (count, handed_over) = (events.len(), Arc::new(AtomicUsize::new(0)));
    let tasks = events.into_iter().map(|event| {
        let (store, handed_over) = (Arc::clone(&scene.store), Arc::clone(&handed_over));
        let first =
            slots.map(|slots| FirstAttempts { policy: scene.policy.clone(), now: scene.now(), slots: slots.clone() });
        tokio::spawn(async move {
            handed_over.fetch_add(1, Ordering::Relaxed);
            store.record(&[event], 0, first.as_ref()).await
        })
    });
    let tasks = tasks.collect();
    while handed_over.load(Ordering::Relaxed) < count {
        tokio::task::yield_now().await;
    }
    tasks
}

/// A number that a statement gives.
pub(crate) async fn number(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}
