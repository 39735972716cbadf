//! Who works on the dispatches of a database file, by an operating-system lock on a file beside it: one process alone, or
//! several that share the work.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::OpenError;

/// How often, and how long apart, a process looks whether it may share: another one that has just started may be bringing
/// the schema up to date.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The file that is locked.
const LOCK: &str = ".lock";

/// Held by a process that works on the dispatches of a file. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Owner {
    database: PathBuf,
    lock: File,
    /// Locked by whoever writes, where several do.
    turns: Option<Arc<File>>,
}

/// A turn to write, until it is dropped.
pub(crate) struct Turn(Arc<File>);

impl Drop for Turn {
    fn drop(&mut self) {
        // It can fail only where locks do not work at all.
        let _ = self.0.unlock();
    }
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
        let owner = self.after(shared)?;
        let turns = Some(Arc::new(open(&beside(&owner.database, ".turn"))?));
        Ok(Self { turns, ..owner })
    }

    /// Whether no other process works on the dispatches.
    pub(crate) fn is_alone(&self) -> bool {
        self.turns.is_none()
    }

    /// Waits until no other process writes. SQLite itself only looks again and again, ever less often, so that a process
    /// can miss its turn for seconds while others write without a pause; whoever waits for a lock is woken.
    pub(crate) async fn turn(&self) -> io::Result<Option<Turn>> {
        let Some(turns) = &self.turns else { return Ok(None) };
        if turns.try_lock().is_err() {
            let turns = Arc::clone(turns);
            tokio::task::spawn_blocking(move || turns.lock()).await??;
        }
        Ok(Some(Turn(Arc::clone(turns))))
    }

    fn open(database: &Path) -> Result<Self, OpenError> {
        Ok(Self { database: database.to_owned(), lock: open(&beside(database, LOCK))?, turns: None })
    }

    fn after(self, locked: Result<(), TryLockError>) -> Result<Self, OpenError> {
        match locked {
            Ok(()) => Ok(self),
            Err(TryLockError::WouldBlock) => Err(OpenError::Owned { path: self.database }),
            Err(TryLockError::Error(source)) => Err(OpenError::Folder { path: beside(&self.database, LOCK), source }),
        }
    }
}

/// A file to be locked. It is never removed: another process could just be opening it.
fn open(path: &Path) -> Result<File, OpenError> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.map_err(|source| OpenError::Folder { path: path.to_owned(), source })
}

/// The file beside a database whose name ends like that.
fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}
