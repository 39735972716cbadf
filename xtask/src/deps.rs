//! `cargo xtask deps`: the direction of dependencies, checked against a table.

mod check;
mod graph;
mod rules;

use anyhow::{Result, ensure};

use crate::workspace;
use graph::Graph;

/// Names every forbidden dependency, why it is forbidden and what to do instead.
pub(crate) fn run() -> Result<()> {
    let graph = Graph::from_metadata(&workspace::metadata()?)?;
    let findings = check::check(&graph);
    ensure!(findings.is_empty(), "the rules in xtask/src/deps/rules.rs forbid\n{}", findings.join("\n"));
    Ok(())
}
