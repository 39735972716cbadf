//! What the writer knows without reading: what it has read or written itself a moment ago.
//!
//! It stays true as long as nobody else writes to the file, which SQLite tells, and nothing but records, begins and
//! settles is committed. Otherwise all of it is forgotten, and read again as it is needed. It changes before the commit
//! that makes it true, so a commit that fails makes the writer forget, too.

mod dispatches;
pub(crate) mod places;
pub(crate) mod threads;

use std::sync::Arc;

use foldhash::HashMap;
use integrations_core::{DispatchId, Integration};

use self::{places::Places, threads::Threads};
use crate::{
    columns::Columns,
    session::{COMMIT, Session},
};

#[cfg(test)]
pub(crate) use self::dispatches::FACTS;
pub(crate) use self::dispatches::{Dispatches, Known};

/// Changes whenever another connection has committed (<https://sqlite.org/pragma.html#pragma_data_version>).
const VERSION: &str = "PRAGMA data_version";

/// Finds nothing, and fails, as nothing else does, if the version is another one.
const UNCHANGED: &str =
    "SELECT 1 FROM pragma_data_version WHERE abs(iif(data_version = ?, 0, -9223372036854775808)) > 0";
const OVERFLOW: &str = "integer overflow";

/// How many integrations are remembered.
const INTEGRATIONS: usize = 4096;

/// What the writer knows.
#[derive(Debug, Default)]
pub(crate) struct Working {
    /// The version of the file that it is true of; none if nothing is known.
    version: Option<i64>,
    /// Those that were accepted and not begun yet, and those that are open.
    pub(crate) dispatches: Dispatches,
    /// By sequence number.
    pub(crate) integrations: HashMap<i64, Stored>,
    /// Whether there are lanes that are not free; known as soon as an integration is.
    pub(crate) any_lanes: bool,
    pub(crate) places: Places,
    pub(crate) threads: Threads,
    /// Whether no other process writes to the file.
    pub(crate) alone: bool,
}

/// An integration as it is stored.
#[derive(Debug)]
pub(crate) struct Stored {
    /// None if it cannot be read.
    pub(crate) integration: Option<Arc<Integration>>,
    pub(crate) deleted: bool,
}

impl Stored {
    /// Whether it can be read, if anybody needs to.
    pub(crate) fn is_sound(&self) -> bool {
        self.deleted || self.integration.is_some()
    }

    /// None if it is deleted, or cannot be read.
    pub(crate) fn living(&self) -> Option<&Arc<Integration>> {
        self.integration.as_ref().filter(|_| !self.deleted)
    }
}

impl Working {
    /// The integrations of these dispatches, as far as they are known.
    pub(crate) fn living(&self, ids: impl Iterator<Item = DispatchId>) -> impl Iterator<Item = &Integration> {
        let sequences = ids.filter_map(|id| Some(self.dispatches.get(id)?.integration));
        sequences.filter_map(|sequence| self.integrations.get(&sequence)?.living().map(Arc::as_ref))
    }

    /// The first step of a transaction, which fails it if what is known is not true any more.
    pub(crate) fn verify(&self, session: &mut Session<'_>) {
        if let Some(version) = self.version {
            session.run_with(UNCHANGED, [version.into()]);
        }
    }

    /// Whether a transaction failed since something was not true any more. Without knowledge it does not.
    pub(crate) fn was_outdated(error: &sqlx::Error) -> bool {
        error.as_database_error().is_some_and(|error| error.message() == OVERFLOW)
    }

    /// The last step of a transaction: commits, and remembers of what it is true.
    pub(crate) async fn commit(&mut self, session: &mut Session<'_>) -> sqlx::Result<()> {
        if self.integrations.len() > INTEGRATIONS {
            self.integrations.clear();
        }
        if self.places.are_many() {
            (self.places, self.threads) = (Places::default(), Threads::default());
        }
        if self.version.is_none() {
            session.run(VERSION);
        }
        session.run(COMMIT);
        self.version = version(session).await?.or(self.version);
        Ok(())
    }
}

/// Sends what waits, and gives the version if that was asked for.
async fn version(session: &mut Session<'_>) -> sqlx::Result<Option<i64>> {
    let rows = session.send().await?;
    Ok(rows.last().and_then(|row| Columns::of(row).next().ok()))
}
