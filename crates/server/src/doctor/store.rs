//! Checks of the store: its file, its schema, its soundness, and whether the key opens what is in it.

use std::{fs::OpenOptions, io::ErrorKind, path::Path};

use integrations_core::{SealContext, SecretCipher, store::CanaryStore as _};
use store_sqlite::{OpenError, SqliteStore};

use super::finding::Finding;
use crate::config::table::STORE;

const SUBJECT: &str = "store";
/// What to do about a file that cannot be trusted.
const RESTORE: &str = "stop the server, keep the file, and restore a backup";

/// Opens the store as it is, beside whoever works on it. The finding is why it cannot be looked into.
pub(super) async fn open(path: &Path) -> Result<SqliteStore, Finding> {
    let shown = path.display();
    let name = STORE.entry.name;
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = format!("{shown} is not there yet; `serve` and `migrate` make it, or correct {name}");
            return Err(Finding::warn(SUBJECT, text));
        }
        Err(error) => {
            let remedy = format!("let this user read and write it and its folder, or correct {name}");
            return Err(Finding::fail(SUBJECT, format!("{shown} cannot be opened: {error}"), remedy));
        }
    }
    SqliteStore::open_existing(path).await.map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, error: OpenError) -> Finding {
    let remedy = match error {
        OpenError::SchemaNewer { .. } | OpenError::SchemaChanged { .. } => "nothing was changed",
        _ => "look after the disk and the rights on the file, or restore a backup",
    };
    Finding::fail(SUBJECT, format!("{}: {:#}", path.display(), anyhow::Error::new(error)), remedy)
}

/// What the file lacks, what is wrong with it, and whether `cipher`, if there is a key, opens what is in it.
pub(super) async fn check(store: &SqliteStore, path: &Path, cipher: Option<&dyn SecretCipher>) -> Vec<Finding> {
    let mut findings = vec![damage(store, path).await];
    match store.pending_migrations().await {
        Err(error) => findings.push(unusable(path, error)),
        Ok(pending) if pending.is_empty() => {
            findings.push(Finding::ok(SUBJECT, "the schema is up to date"));
            if let Some(cipher) = cipher {
                findings.push(canary(store, cipher).await);
            }
        }
        Ok(pending) => {
            let text = format!("the schema lacks {} of its versions; `migrate` or `serve` adds them", pending.len());
            findings.push(Finding::warn(SUBJECT, text));
        }
    }
    findings
}

async fn damage(store: &SqliteStore, path: &Path) -> Finding {
    match store.damage().await {
        Ok(damage) => match damage.first() {
            None => Finding::ok(SUBJECT, format!("{} is sound", path.display())),
            Some(first) => Finding::fail(SUBJECT, format!("{} is damaged: {first}", path.display()), RESTORE),
        },
        Err(error) => Finding::fail(SUBJECT, format!("{:#}", anyhow::Error::new(error)), RESTORE),
    }
}

/// Whether the key is the one that secrets are sealed under.
async fn canary(store: &SqliteStore, cipher: &dyn SecretCipher) -> Finding {
    const SUBJECT: &str = "key";
    let opened = match store.canary().await {
        Ok(None) => return Finding::ok(SUBJECT, "nothing is sealed yet"),
        Ok(Some(canary)) => cipher.open(SealContext::Canary, &canary).map(|_| ()).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{:#}", anyhow::Error::new(error))),
    };
    match opened {
        Ok(()) => Finding::ok(SUBJECT, "opens what is stored"),
        Err(fault) => Finding::fail(SUBJECT, fault, "give the key under which this store was made"),
    }
}
