//! Whether the file is sound.

use integrations_core::StoreError;
use sqlx::Row as _;

use crate::{SqliteStore, failure::Failure};

impl SqliteStore {
    /// What SQLite finds wrong with the file, ten findings at most; none if it is sound. Reads the whole file, but
    /// does not compare tables with their indexes (<https://sqlite.org/pragma.html#pragma_quick_check>).
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.read(sqlx::query("PRAGMA quick_check(10)")).await?;
        let findings: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(findings.map_err(Failure::from)?.into_iter().filter(|finding| finding != "ok").collect())
    }
}
