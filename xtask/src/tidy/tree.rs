//! The files of the project, as git knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Endings of files that people write and read.
const TEXT: [&str; 8] = ["lua", "md", "rs", "sh", "sql", "toml", "yaml", "yml"];

/// Every file that is not ignored. Paths are relative to the root.
#[derive(Default)]
pub(super) struct Tree {
    /// All files and the folders that hold them.
    pub(super) paths: BTreeSet<String>,
    /// The text of those that people write.
    pub(super) texts: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the working copy, uncommitted files included.
    pub(super) fn read() -> Result<Self> {
        let mut git = process::program("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let mut tree = Self::default();
        for path in process::output(&mut git)?.split_terminator('\0') {
            let file = workspace::root().join(path);
            if !file.exists() {
                continue;
            }
            let is_text = file.extension().is_some_and(|ending| TEXT.iter().any(|text| ending == *text));
            let text = is_text.then(|| fs::read_to_string(&file)).transpose();
            tree.add(path, text.with_context(|| format!("cannot read {path} as text"))?);
        }
        Ok(tree)
    }

    /// Files with a certain ending, path and text.
    pub(super) fn with_ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.texts.iter();
        texts.filter(move |(path, _)| path.ends_with(ending)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let folders = path.match_indices('/').map(|(end, _)| path.split_at(end).0);
        self.paths.extend(folders.chain([path]).map(str::to_owned));
        if let Some(text) = text {
            self.texts.insert(path.to_owned(), text);
        }
    }

    /// A made-up project for tests.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }
}
