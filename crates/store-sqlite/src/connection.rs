//! How connections to the file are set up.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{Durability, OpenError};

/// Before it, two connections of a file could damage it (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// How many reads run at once.
const READERS: u32 = 4;

/// What the writer keeps of the file: the ends of tables and indexes, and what is under way. SQLite looks through all of it
/// at most commits, so that more of it makes each of them slower; the system keeps the rest.
const WRITER_CACHE: &str = "-4000";

/// When the log is copied back into the file, and what it may grow to. In a longer log, a page that changes often is
/// copied back less often.
const CHECKPOINT_PAGES: &str = "4000";
const LOG_LIMIT_BYTES: &str = "67108864";

/// The options of the connection that writes.
pub(crate) fn writing(path: &Path, durability: Durability) -> SqliteConnectOptions {
    common(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        })
        .pragma("journal_size_limit", LOG_LIMIT_BYTES)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("cache_size", WRITER_CACHE)
        .thread_name(|_| "sqlite-writer".to_owned())
        .statement_cache_capacity(256)
}

/// Connections that only read.
pub(crate) fn readers(path: &Path) -> SqlitePool {
    let options = common(path).pragma("query_only", "ON").thread_name(|number| format!("sqlite-reader-{number}"));
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(options)
}

fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("trusted_schema", "OFF")
        .pragma("temp_store", "MEMORY")
        .row_buffer_size(1024)
        .disable_statement_logging()
}

/// Refuses a library that could damage the file.
pub(crate) async fn check_version(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    if is_recent(&found) { Ok(()) } else { Err(OpenError::SqliteTooOld { found }) }
}

fn is_recent(version: &str) -> bool {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.as_slice() >= OLDEST_SQLITE.as_slice()
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    #[test]
    fn old_libraries_are_refused() {
        for recent in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            assert!(is_recent(recent), "{recent}");
        }
        for old in ["3.51.2", "3.9.99", "3.51", "2.100.0", "", "three"] {
            assert!(!is_recent(old), "{old}");
        }
    }

    async fn settings(connection: &mut SqliteConnection) -> Vec<String> {
        let mut settings = Vec::new();
        for pragma in ["journal_mode", "foreign_keys", "busy_timeout", "trusted_schema", "temp_store", "query_only"] {
            let pragma = sqlx::AssertSqlSafe(format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"));
            let pragma = pragma.0.replace("busy_timeout AS", "timeout AS");
            settings.push(sqlx::query_scalar(sqlx::AssertSqlSafe(pragma)).fetch_one(&mut *connection).await.unwrap());
        }
        settings
    }

    #[tokio::test]
    async fn connections_are_set_up_as_they_should() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("settings.db");
        let full = writing(&path, Durability::Full).create_if_missing(true);
        let mut connection = full.connect().await.unwrap();
        assert_eq!(settings(&mut connection).await, ["wal", "1", "5000", "0", "2", "0"]);
        for (durability, expected) in [(Durability::Full, 2), (Durability::Normal, 1)] {
            let mut connection = writing(&path, durability).connect().await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await.unwrap();
            assert_eq!(synchronous, expected);
            connection.close().await.unwrap();
        }
        let mut reader = readers(&path).acquire().await.unwrap();
        assert_eq!(settings(&mut reader).await, ["wal", "1", "5000", "0", "2", "1"]);
    }
}
