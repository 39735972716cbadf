//! `migrate`: brings the store's schema up to date.

use std::path::Path;

use store_sqlite::{OpenError, OpenOptions, SqliteStore};

/// Makes the store or brings it up to date, and tells what was done. Where there is something to do, no server may work
/// on it.
pub(crate) async fn migrate(path: &Path) -> Result<String, OpenError> {
    let shown = path.display();
    let lacking = match SqliteStore::open_existing(path).await {
        Err(OpenError::Missing { .. }) => None,
        Err(error) => return Err(error),
        Ok(store) => {
            let pending = store.pending_migrations().await;
            store.close().await;
            Some(pending?)
        }
    };
    if lacking.as_ref().is_some_and(Vec::is_empty) {
        return Ok(format!("{shown} is up to date\n"));
    }
    SqliteStore::open(path, OpenOptions::default().exclusive(true)).await?.close().await;
    let steps = lacking.iter().flatten().map(|step| format!("  {:04} {}\n", step.version, step.description));
    let what = if lacking.is_some() { "brought up to date" } else { "made" };
    Ok(format!("{shown} was {what}\n{}", steps.collect::<String>()))
}
