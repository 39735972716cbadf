//! What goes wrong in SQLite, in the words of the port.

use std::sync::Arc;

use integrations_core::{StoreError, store::Conflict};

use crate::columns::Unreadable;

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It alone must not be made; others in the same commit may.
    Refused(StoreError),
    /// The database failed.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Conflict> for Failure {
    fn from(conflict: Conflict) -> Self {
        Self::Refused(conflict.into())
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        Self::Refused(unreadable.into())
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Database(error) => unavailable(&Arc::new(error)),
        }
    }
}

/// For what can only come of a bug: a value that does not fit into its column, a writer that is gone.
pub(crate) fn broken(reason: &'static str) -> StoreError {
    StoreError::Unavailable { reason, source: reason.into() }
}

/// The failure of a commit, for one of those who wait for it.
pub(crate) fn unavailable(error: &Arc<sqlx::Error>) -> StoreError {
    let reason = match Kind::of(error) {
        Kind::Damaged => return StoreError::Corrupt { detail: "the database file is damaged".to_owned() },
        Kind::Busy => "another process holds the database file",
        Kind::Full => "the disk is full",
        Kind::Access => "the database file cannot be read or written",
        Kind::Statement => "the database refused a statement",
    };
    StoreError::Unavailable { reason, source: Box::new(Arc::clone(error)) }
}

/// What a failure is about. The codes are those of <https://sqlite.org/rescode.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `SQLITE_BUSY`, `SQLITE_LOCKED`.
    Busy,
    /// `SQLITE_FULL`.
    Full,
    /// Input and output, permissions, memory, a connection that is gone.
    Access,
    /// `SQLITE_CORRUPT`, `SQLITE_NOTADB`.
    Damaged,
    /// Something in the statement or its values: another one may do.
    Statement,
}

impl Kind {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        let sqlx::Error::Database(error) = error else { return Self::of_driver(error) };
        let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
        match code & 0xff {
            5 | 6 => Self::Busy,
            13 => Self::Full,
            11 | 26 => Self::Damaged,
            3 | 7 | 8 | 10 | 14 | 15 | 22 | 23 => Self::Access,
            _ => Self::Statement,
        }
    }

    fn of_driver(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => Self::Access,
            sqlx::Error::PoolTimedOut => Self::Busy,
            _ => Self::Statement,
        }
    }

    /// Whether the calls of a commit that failed so may be tried one by one: only one of them may be to blame.
    pub(crate) fn may_be_one_call(self) -> bool {
        matches!(self, Self::Statement | Self::Full)
    }
}
