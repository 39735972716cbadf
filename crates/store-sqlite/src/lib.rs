//! The store port on one SQLite file.
//!
//! # How it is built
//! - One task writes ([`SqliteStore`] hands it every change). Calls that wait at the same time share a commit, and hot
//!   calls of a kind share their statements, so that a commit of a hundred events takes a few dozen of them.
//! - A few connections read, each call from a state of its own.
//! - Rules are asked in memory, between the reading of facts and the writing of what they decide. What the writer has
//!   just read or written it knows without reading, until anybody else changes the file.
//! - Every commit is durable (`synchronous=FULL`) before anybody is answered.
//! - What the lists show newest first is threaded through the rows, so that an event costs the same whatever the number
//!   of organizations, addresses, and earlier events.
//!
//! The file must be on a local disk. Besides it lie `-wal` and `-shm`, which belong to it, `.lock`, and `.turn` where
//! several processes share it.

mod accounts;
mod addresses;
mod aside;
mod attempts;
mod begin;
mod bell;
mod cancel;
mod columns;
mod connection;
mod damage;
mod dispatches;
mod erase;
mod failure;
mod history;
mod integrations;
mod lanes;
mod ledger;
mod lists;
mod migrate;
mod open;
mod owner;
#[cfg(test)]
mod plans;
mod record;
mod session;
mod settle;
mod states;
mod subscriptions;
mod sweeps;
mod value;
mod work;
mod working;
mod writer;

use integrations_core::StoreError;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

pub use migrate::Migration;
pub use open::{Durability, OpenError, OpenOptions};

use crate::{failure::Failure, session::Query, writer::Writer};

/// A store in one SQLite file. Clones are the same store.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    options: SqliteConnectOptions,
}

impl SqliteStore {
    /// Finishes what was asked before and closes the file; later calls are refused. A store that is dropped instead
    /// does the same in its own time.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// How many commits were made, to measure how calls share them.
    #[doc(hidden)]
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }

    async fn read(&self, query: Query<'_>) -> Result<Vec<SqliteRow>, StoreError> {
        Ok(query.fetch_all(&self.readers).await.map_err(Failure::from)?)
    }

    async fn read_one(&self, query: Query<'_>) -> Result<Option<SqliteRow>, StoreError> {
        Ok(query.fetch_optional(&self.readers).await.map_err(Failure::from)?)
    }
}
