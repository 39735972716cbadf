//! `cargo xtask new-provider`: a crate to start from, and its place in the server.
//!
//! What is copied is `xtask/provider-skeleton`, a provider that the gate builds and tests like any other, so that what
//! comes out works.

mod name;
mod register;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::{process, workspace};
use name::Name;

/// Where the skeleton stands, from the root of the workspace.
const SKELETON: &str = "xtask/provider-skeleton";

/// What the command takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What the provider is called in the API: lower-case words with hyphens between them, such as `pushover`
    name: Name,
}

/// Copies the skeleton under that name and registers it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (name, root) = (&args.name, workspace::root());
    let folder = format!("crates/{}", name.package());
    ensure!(!root.join(&folder).exists(), "{folder} exists already; choose another name, or delete it first");
    let files = renamed(&root.join(SKELETON), name)?;
    let edits = register::edits(root, name)?;
    for (path, text) in files.iter().map(|(path, text)| (root.join(&folder).join(path), text)) {
        fs::create_dir_all(path.parent().unwrap_or(root)).with_context(|| format!("cannot make {folder}"))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for (path, text) in edits {
        fs::write(root.join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    let package = name.package();
    process::run(&mut process::cargo(["fmt", "--package", &package, "--package", "server"]))?;
    println!("{folder} is registered in the server. Next: docs/writing-a-provider.md, and `cargo test -p {package}`.");
    Ok(())
}

/// The files of the skeleton, as they read under that name.
fn renamed(skeleton: &Path, name: &Name) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![skeleton.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            ensure!(
                !name.clashes_with(&text),
                "the skeleton uses the word {}; choose another name and set `KIND` afterwards",
                name.type_name()
            );
            files.push((path.strip_prefix(skeleton)?.to_owned(), name.put_into(&text)));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Result<Vec<(PathBuf, String)>> {
        renamed(&workspace::root().join(SKELETON), &name.parse()?)
    }

    #[test]
    fn nothing_of_the_skeleton_stays_but_its_form() {
        let files = named("two-words2").unwrap();
        for (path, text) in &files {
            assert!(!text.to_lowercase().contains("skeleton"), "{}: {text}", path.display());
        }
        let text = |path: &str| &files.iter().find(|(file, _)| file == Path::new(path)).unwrap().1;
        assert!(text("Cargo.toml").contains("name = \"provider-two-words2\""));
        assert!(text("README.md").contains("use provider_two_words2::TwoWords2;"));
        assert!(text("src/lib.rs").contains("const KIND: &'static str = \"two-words2\";"));
        assert!(text("tests/it/main.rs").contains("provider_conformance!(async || Harness);"));
    }

    #[test]
    fn a_name_that_would_not_compile_is_refused() {
        for word in ["message", "config", "value", "self"] {
            let error = named(word).unwrap_err().to_string();
            assert!(error.contains("choose another name"), "{error}");
        }
    }
}
