//! Exclusive ownership of a database file, by an operating-system lock on a file beside it.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::OpenError;

/// Held by the one process that works on the dispatches of a file. The system ends it with the process, however that
/// ends.
#[derive(Debug)]
pub(crate) struct Owner {
    _lock: File,
}

impl Owner {
    /// Takes ownership, without waiting.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let failed = |source| OpenError::Folder { path: path.clone(), source };
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned { path: database.to_owned() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// The file beside a database that is locked. It is never removed: another process could just be opening it.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
