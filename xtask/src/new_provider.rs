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
    ensure_committed(root)?;
    let files = plan(root, name, &workspace::members()?)?;
    for (path, text) in files {
        let file = root.join(&path);
        let folder = file.parent().unwrap_or(root);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let package = name.package();
    process::run(&mut process::cargo(["fmt", "--package", &package, "--package", "server"]))?;
    println!("crates/{package} is registered in the server. See it pass: `cargo test -p {package}`.");
    println!("Next: step 2 of docs/writing-a-provider.md.");
    Ok(())
}

/// Every file to write, from the root of the workspace, and its text. Whatever is wrong shows here, while nothing is
/// written yet.
fn plan(root: &Path, name: &Name, members: &[String]) -> Result<Vec<(PathBuf, String)>> {
    let package = name.package();
    let folder = Path::new("crates").join(&package);
    ensure!(
        !members.contains(&package) && !root.join(&folder).exists(),
        "{package} exists already; choose another name, or delete it first"
    );
    let copied = renamed(&root.join(SKELETON), name)?.into_iter().map(|(path, text)| (folder.join(path), text));
    let edited = register::edits(root, name)?.into_iter().map(|(path, text)| (path.into(), text));
    Ok(copied.chain(edited).collect())
}

/// Fails if a file to be edited has changes of somebody else, who could not tell ours from theirs afterwards.
fn ensure_committed(root: &Path) -> Result<()> {
    let mut git = process::program("git");
    git.arg("-C").arg(root).args(["status", "--porcelain", "--"]).args(register::FILES);
    let changed = process::output(&mut git)?;
    let changed: Vec<_> = changed.lines().filter_map(|line| line.get(3..)).collect();
    ensure!(changed.is_empty(), "there are changes in {}; commit or stash them first", changed.join(", "));
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
                "the code uses the word {} for something else; choose another name, and set `KIND` afterwards",
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
    fn a_name_that_is_taken_is_refused() {
        let plan = |name: &str, members: &[&str]| {
            let members: Vec<_> = members.iter().map(|name| (*name).to_owned()).collect();
            plan(workspace::root(), &name.parse().unwrap(), &members)
        };
        for (name, members) in [("slack", &[][..]), ("elsewhere", &["server", "provider-elsewhere"])] {
            let error = plan(name, members).unwrap_err().to_string();
            assert!(error.starts_with(&format!("provider-{name} exists already")), "{error}");
        }
        assert!(plan("elsewhere", &["server", "provider-elsewhere-else"]).is_ok());
    }

    #[test]
    fn no_name_of_the_tutorial_is_taken() {
        let members = workspace::members().unwrap();
        assert!(members.contains(&"provider-slack".to_owned()), "{members:?}");
        let text = fs::read_to_string(workspace::root().join("docs/writing-a-provider.md")).unwrap();
        let mut names = text.lines().filter_map(|line| line.strip_prefix("cargo xtask new-provider "));
        plan(workspace::root(), &names.next().unwrap().parse().unwrap(), &members).unwrap();
    }

    #[test]
    fn changes_of_others_stay_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let git = |line: &str| {
            let mut git = process::program("git");
            git.arg("-C").arg(root).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
            process::run(git.args(line.split(' '))).unwrap();
        };
        git("init --quiet");
        for file in register::FILES {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        git("add .");
        git("commit --quiet --message A");
        fs::write(root.join("crates/server/src/main.rs"), "").unwrap();
        ensure_committed(root).unwrap();
        for file in register::FILES {
            fs::write(root.join(file), "mine").unwrap();
            let error = ensure_committed(root).unwrap_err().to_string();
            assert_eq!(error, format!("there are changes in {file}; commit or stash them first"));
            git("checkout --quiet .");
        }
    }

    #[test]
    fn a_name_that_would_not_compile_is_refused() {
        for word in ["message", "config", "value", "self", "string", "some", "skeleton"] {
            let error = named(word).unwrap_err().to_string();
            assert!(error.contains("choose another name"), "{error}");
        }
    }
}
