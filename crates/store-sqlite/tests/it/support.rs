//! A store in a folder of its own.

use std::path::PathBuf;

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
