//! Who works on the dispatches of a database file, by an operating-system lock on a file beside it: one process alone, or
//! several that share the work.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::OpenError;

/// How often, and how long apart, a process looks whether it may share: another one that has just started may be bringing
/// the schema up to date.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Held by a process that works on the dispatches of a file. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Owner {
    database: PathBuf,
    lock: File,
}

impl Owner {
    /// Takes ownership for this process alone, without waiting.
    pub(crate) fn take(database: &Path) -> Result<Self, OpenError> {
        let owner = Self::open(database)?;
        let taken = owner.lock.try_lock();
        owner.after(taken)
    }

    /// Takes part in the ownership with others that do the same.
    pub(crate) async fn share(database: &Path) -> Result<Self, OpenError> {
        Self::open(database)?.shared().await
    }

    /// Lets others take part in what was owned alone.
    pub(crate) async fn shared(self) -> Result<Self, OpenError> {
        let mut shared = self.lock.try_lock_shared();
        for _ in 1..LOOKS {
            if !matches!(shared, Err(TryLockError::WouldBlock)) {
                break;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
            shared = self.lock.try_lock_shared();
        }
        self.after(shared)
    }

    fn open(database: &Path) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        match lock {
            Ok(lock) => Ok(Self { database: database.to_owned(), lock }),
            Err(source) => Err(OpenError::Folder { path, source }),
        }
    }

    fn after(self, locked: Result<(), TryLockError>) -> Result<Self, OpenError> {
        match locked {
            Ok(()) => Ok(self),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned { path: self.database }),
            Err(TryLockError::Error(source)) => Err(OpenError::Folder { path: lock_path(&self.database), source }),
        }
    }
}

/// The file beside a database that is locked. It is never removed: another process could just be opening it.
fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
