//! Opening a file: folder, lock, connection, library, schema.

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::{
    fs::{DirBuilder, File},
    io,
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, migrate::MigrateError, sqlite::SqliteConnectOptions,
};

use crate::{Migration, SqliteStore, connection, migrate, owner::Owner, writer::Writer};

/// What a commit is safe from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// From the end of the process and from the loss of power (`synchronous=FULL`).
    #[default]
    Full,
    /// From the end of the process alone: a loss of power takes the last commits with it (`synchronous=NORMAL`). It
    /// exists to show that the tests of durability would notice, and is not for use.
    Normal,
}

/// How to open a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    exclusive: bool,
    shared: bool,
    keep_schema: bool,
    durability: Durability,
    max_pages: Option<u32>,
}

impl OpenOptions {
    /// Whether this is the only process that works on the dispatches: a server with the embedded queue. Another one
    /// that wants the same is refused while this one lives; all others may read and write. Off by default.
    #[must_use]
    pub fn exclusive(mut self, exclusive: bool) -> Self {
        self.exclusive = exclusive;
        self
    }

    /// Whether this is one of several processes that share the work on the dispatches. It is refused while a process
    /// works on them that wants to be the only one, and the other way round. The schema is brought up to date by the
    /// first of them, before the others may work. Off by default.
    #[must_use]
    pub fn shared(mut self, shared: bool) -> Self {
        self.shared = shared;
        self
    }

    /// Whether the file and its schema are made and brought up to date. Otherwise a file that is not there or not up
    /// to date is refused. On by default.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.keep_schema = !migrate;
        self
    }

    /// What a commit is safe from; [`Durability::Full`] by default.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Lets the file grow to so many pages of 4 KiB, and then behaves as if the disk were full.
    #[doc(hidden)]
    #[must_use]
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// The options of the connection that writes.
    fn writing(self, path: &Path) -> SqliteConnectOptions {
        let options = connection::writing(path, self.durability).create_if_missing(!self.keep_schema);
        match self.max_pages {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no database at {path}; `migrate` or `serve` make one")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Another process works on it.
    #[error("another server works on {path}; stop it first, or give this one a store of its own")]
    Owned {
        /// The file.
        path: PathBuf,
    },
    /// The folder, or the lock in it, cannot be made.
    #[error("cannot write to {path}: {source}")]
    Folder {
        /// The folder or lock.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The SQLite library could damage the file.
    #[error("SQLite {found} is too old: versions before 3.51.3 can damage a file that has several connections")]
    SqliteTooOld {
        /// Its version.
        found: String,
    },
    /// A later program has been here.
    #[error("the database has schema version {version}, which this program does not know; use a newer program")]
    SchemaNewer {
        /// The version that is not known.
        version: i64,
    },
    /// The schema is not up to date.
    #[error("the database lacks {} of the schema's versions; run `migrate` first", pending.len())]
    SchemaOlder {
        /// What it lacks.
        pending: Vec<Migration>,
    },
    /// A step of the schema is not the one that was taken.
    #[error("schema version {version} of the database is not the one of this program; use an official build")]
    SchemaChanged {
        /// The version.
        version: i64,
    },
    /// A step of the schema failed.
    #[error("the schema cannot be brought up to date")]
    Migration(#[source] MigrateError),
    /// SQLite failed.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
}

impl SqliteStore {
    /// Opens the store in a file of a local disk. Network file systems are not supported: their locks do not keep what
    /// SQLite needs.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if !options.keep_schema {
            make_file(path)?;
        }
        let (owner, mut connection) = connect(path, options).await?;
        // Where others work already, they must not find another schema all at once.
        if options.keep_schema || matches!(owner, Some(Ownership::Shared(_))) {
            let pending = migrate::pending(&mut connection).await?;
            if !pending.is_empty() {
                return Err(OpenError::SchemaOlder { pending });
            }
        } else {
            migrate::run(&mut connection).await?;
        }
        let owner = match owner {
            Some(Ownership::Alone(owner)) if options.shared => Some(owner.shared().await?),
            Some(Ownership::Alone(owner) | Ownership::Shared(owner)) => Some(owner),
            None => None,
        };
        Self::start(path, options, owner, connection).await
    }

    /// Opens a file that is there, whatever of the schema it lacks, beside whoever works on it.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_existing(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (path, options) = (path.as_ref(), OpenOptions::default().migrate(false));
        let (_, mut connection) = connect(path, options).await?;
        migrate::pending(&mut connection).await?;
        Self::start(path, options, None, connection).await
    }

    /// What the file lacks of the schema.
    ///
    /// # Errors
    /// [`OpenError::SchemaNewer`], or the file cannot be read.
    pub async fn pending_migrations(&self) -> Result<Vec<Migration>, OpenError> {
        migrate::pending(&mut *self.readers.acquire().await?).await
    }

    /// Brings the schema up to date, and gives what was lacking.
    ///
    /// # Errors
    /// The schema is newer or another one, or the file cannot be written.
    pub async fn migrate(&self) -> Result<Vec<Migration>, OpenError> {
        let mut connection = self.options.connect().await?;
        let done = migrate::run(&mut connection).await;
        connection.close().await?;
        done
    }

    async fn start(
        path: &Path,
        options: OpenOptions,
        owner: Option<Owner>,
        connection: SqliteConnection,
    ) -> Result<Self, OpenError> {
        let options = options.writing(path);
        let writer = Writer::start(connection, options.clone(), owner).await?;
        Ok(Self { writer, readers: connection::readers(path), options })
    }
}

/// How far the file belongs to this process.
enum Ownership {
    Alone(Owner),
    Shared(Owner),
}

/// Takes ownership if that is wanted, and connects. Who wants to share may be alone at first.
async fn connect(path: &Path, options: OpenOptions) -> Result<(Option<Ownership>, SqliteConnection), OpenError> {
    if options.keep_schema && !path.exists() {
        return Err(OpenError::Missing { path: path.to_owned() });
    }
    let owner = if options.exclusive {
        Some(Ownership::Alone(Owner::take(path)?))
    } else if options.shared {
        Some(match Owner::take(path) {
            Ok(owner) => Ownership::Alone(owner),
            Err(OpenError::Owned { .. }) => Ownership::Shared(Owner::share(path).await?),
            Err(error) => return Err(error),
        })
    } else {
        None
    };
    let mut connection = options.writing(path).connect().await?;
    connection::check_version(&mut connection).await?;
    Ok((owner, connection))
}

/// Makes folder and file if they are not there. Only their owner may read them: they hold what mails say. SQLite gives
/// the files beside it the same rights.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Folder { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new: Vec<_> = path.ancestors().take_while(|place| !place.as_os_str().is_empty() && !place.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).map_err(failed)?;
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).map_err(failed)?;
    new.into_iter().try_for_each(keep_name).map_err(failed)
}

/// A new name that is not on the disk goes with the power, whatever was synced into what it names.
fn keep_name(place: &Path) -> io::Result<()> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
