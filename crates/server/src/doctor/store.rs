//! Checks of the store: its file, its schema, its soundness, and whether the key opens what is in it.

use std::{fs::OpenOptions, io::ErrorKind, path::Path};

use super::finding::Finding;
use crate::config::table::STORE;

const SUBJECT: &str = "store";

/// Whether the file is there and may be written.
pub(super) fn file(path: &Path) -> Result<(), Finding> {
    let shown = path.display();
    let name = STORE.entry.name;
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = format!("{shown} is not there yet; `serve` and `migrate` make it, or correct {name}");
            Err(Finding::warn(SUBJECT, text))
        }
        Err(error) => {
            let remedy = format!("let this user read and write it and its folder, or correct {name}");
            Err(Finding::fail(SUBJECT, format!("{shown} cannot be opened: {error}"), remedy))
        }
    }
}
