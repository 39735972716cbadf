//! Where the workspace lies and what cargo knows of it.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// The root of the workspace, the folder above this package.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The workspace as cargo resolves it, outside packages included.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().context("cargo cannot read the workspace")
}

/// The names of our own packages.
pub(crate) fn members() -> Result<Vec<String>> {
    let mut command = MetadataCommand::new();
    let metadata = command.no_deps().manifest_path(root().join("Cargo.toml")).exec();
    let packages = metadata.context("cargo cannot read the workspace")?.packages;
    Ok(packages.into_iter().map(|package| package.name.to_string()).collect())
}
