//! `cargo xtask codegen`: documents that the server program writes about itself.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::{process, workspace};

/// Each document and the arguments with which the server program prints it.
const DOCUMENTS: [(&str, &[&str]); 2] =
    [("docs/configuration.md", &["config-reference"]), ("docs/openapi.json", &["openapi"])];

/// What the command takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a document differs from what the code says
    #[arg(long)]
    check: bool,
}

/// Writes the documents, or only compares them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check { check() } else { write() }
}

/// Fails if a document differs from what the code says.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for (path, args) in DOCUMENTS {
        if !is_current(&workspace::root().join(path), &generate(args)?)? {
            stale.push(path);
        }
    }
    ensure!(
        stale.is_empty(),
        "not what the code says: {}; run `cargo xtask codegen` and commit the result",
        stale.join(", ")
    );
    Ok(())
}

fn write() -> Result<()> {
    for (path, args) in DOCUMENTS {
        fs::write(workspace::root().join(path), generate(args)?).with_context(|| format!("cannot write {path}"))?;
        println!("codegen: wrote {path}");
    }
    Ok(())
}

fn generate(args: &[&str]) -> Result<String> {
    let mut server = process::cargo(["run", "--quiet", "--package", "server", "--"]);
    let text = process::output(server.args(args))?;
    ensure!(!text.trim().is_empty(), "`integrations-server {}` printed nothing", args.join(" "));
    Ok(text)
}

fn is_current(path: &Path, expected: &str) -> Result<bool> {
    match fs::read_to_string(path) {
        Ok(actual) => Ok(actual == expected),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
