//! The schema: what it is, what a file has of it, and how it is brought up to date.

use std::collections::BTreeSet;

use sqlx::{
    SqliteConnection,
    migrate::{MigrateError, Migrator},
};

use crate::OpenError;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it is for.
    pub description: String,
}

/// The steps that a file has not taken yet.
///
/// # Errors
/// [`OpenError::SchemaNewer`].
pub(crate) async fn pending(connection: &mut SqliteConnection) -> Result<Vec<Migration>, OpenError> {
    let applied = applied(connection).await?;
    if let Some(unknown) = applied.iter().find(|version| !MIGRATIONS.version_exists(**version)) {
        return Err(OpenError::SchemaNewer { version: *unknown });
    }
    let pending = MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version));
    Ok(pending
        .map(|migration| Migration { version: migration.version, description: migration.description.to_string() })
        .collect())
}

/// Takes the steps that were not taken, each in a transaction, and gives them.
pub(crate) async fn run(connection: &mut SqliteConnection) -> Result<Vec<Migration>, OpenError> {
    let pending = pending(connection).await?;
    MIGRATIONS.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => OpenError::SchemaNewer { version },
        MigrateError::VersionMismatch(version) => OpenError::SchemaChanged { version },
        other => OpenError::Migration(other),
    })?;
    Ok(pending)
}

async fn applied(connection: &mut SqliteConnection) -> Result<BTreeSet<i64>, OpenError> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(table).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(BTreeSet::new());
    }
    let versions: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations").fetch_all(&mut *connection).await?;
    Ok(versions.into_iter().collect())
}
