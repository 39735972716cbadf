//! `cargo xtask deps`: the direction of dependencies, checked against a table.

mod check;
mod graph;
mod rules;

use anyhow::{Result, bail};

use crate::workspace;
use graph::Graph;

/// Names every forbidden dependency, why it is forbidden and what to do instead.
pub(crate) fn run() -> Result<()> {
    let graph = Graph::from_metadata(&workspace::metadata()?)?;
    let findings = check::check(&graph);
    if findings.is_empty() {
        return Ok(());
    }
    bail!(
        "{} forbidden dependencies; the rules stand in xtask/src/deps/rules.rs\n\n{}",
        findings.len(),
        findings.join("\n\n")
    );
}
