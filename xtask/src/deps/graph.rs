//! Who is built with whom, by name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, NodeDep};

/// The packages of the workspace and everything they bring in.
#[derive(Default)]
pub(super) struct Graph {
    /// The packages of the workspace.
    pub(super) ours: BTreeSet<String>,
    /// Every package with what it is built with; what only tests need has an entry but no edge to it.
    pub(super) edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// The graph as cargo resolves it, all platforms together and versions of a package as one.
    pub(super) fn from_metadata(metadata: &Metadata) -> Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo resolved no dependencies")?;
        let mut graph = Self::default();
        for node in &resolve.nodes {
            let name = metadata[&node.id].name.to_string();
            if metadata.workspace_members.contains(&node.id) {
                graph.ours.insert(name.clone());
            }
            let built_with = node.deps.iter().filter(|dep| !is_for_tests_only(dep));
            graph.edges.entry(name).or_default().extend(built_with.map(|dep| metadata[&dep.pkg].name.to_string()));
        }
        Ok(graph)
    }

    /// What a package is built with directly.
    pub(super) fn direct(&self, name: &str) -> impl Iterator<Item = &str> {
        let edges = self.edges.get(name).into_iter().flatten();
        edges.map(String::as_str)
    }

    /// A shortest path to each wanted package that is reached, not looking beyond a wanted one.
    pub(super) fn paths<'a>(&'a self, from: &'a str, is_wanted: impl Fn(&str) -> bool) -> Vec<Vec<&'a str>> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([from]);
        let mut waiting = VecDeque::from([vec![from]]);
        while let Some(path) = waiting.pop_front() {
            for next in path.last().into_iter().flat_map(|end| self.direct(end)) {
                if !seen.insert(next) {
                    continue;
                }
                let longer = path.iter().copied().chain([next]).collect();
                if is_wanted(next) {
                    found.push(longer);
                } else {
                    waiting.push_back(longer);
                }
            }
        }
        found
    }
}

fn is_for_tests_only(dep: &NodeDep) -> bool {
    let mut kinds = dep.dep_kinds.iter();
    kinds.all(|info| info.kind == DependencyKind::Development)
}
