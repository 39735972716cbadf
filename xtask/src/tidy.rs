//! `cargo xtask tidy`: what compilers do not check.

mod crates;
mod links;
mod records;
mod snippets;
mod source;
mod tree;
mod whitespace;

use anyhow::{Result, ensure};

use tree::Tree;

/// Names every place that is not in order.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read()?;
    let checks = [source::check, whitespace::check, crates::check, records::check, links::check, snippets::check];
    let findings: Vec<_> = checks.iter().flat_map(|check| check(&tree)).collect();
    ensure!(findings.is_empty(), "not tidy\n{}", findings.join("\n"));
    Ok(())
}
