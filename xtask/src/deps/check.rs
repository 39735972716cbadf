//! Holds a graph against the rules.

use super::graph::Graph;
use super::rules::{BANNED, BANNED_WHY, OWNED, RULES, Rule, listed};

/// Every forbidden dependency in words: which, why, and what to do.
pub(super) fn check(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for name in &graph.ours {
        match RULES.iter().find(|rule| listed(rule.crates, name)) {
            Some(rule) => {
                findings.extend(graph.direct(name).filter_map(|to| edge(graph, rule, name, to)));
                findings.extend(paths(graph, rule, name));
            }
            None => findings.push(format!(
                "{name}: no rule knows a crate of this name; name it after the port it implements \
                 (store-*, queue-*, provider-*, ...) or write a rule for it"
            )),
        }
    }
    let banned = graph.edges.keys().filter(|name| listed(BANNED, name));
    findings.extend(banned.map(|name| {
        format!("{name}: {BANNED_WHY} (`cargo tree --workspace --invert {name}` says who)")
    }));
    findings
}

/// Judges a direct dependency.
fn edge(graph: &Graph, rule: &Rule, from: &str, to: &str) -> Option<String> {
    let owned = OWNED.iter().find(|owned| owned.package == to);
    if let Some(owned) = owned.filter(|owned| !listed(owned.owners, from)) {
        return Some(finding(&[from, to], owned.why));
    }
    let allowed = if graph.ours.contains(to) { rule.ours } else { rule.outside };
    (!listed(allowed, to)).then(|| finding(&[from, to], rule.why))
}

/// Judges what is reached through others; a direct dependency on it counts too.
fn paths(graph: &Graph, rule: &Rule, from: &str) -> Vec<String> {
    let reached = graph.reached(from);
    let forbidden = reached.iter().filter(|(to, _)| listed(rule.never, to));
    forbidden.map(|(_, path)| finding(path, rule.why)).collect()
}

fn finding(path: &[&str], why: &str) -> String {
    format!("{}: {why}", path.join(" -> "))
}

#[cfg(test)]
mod tests {
    use super::{Graph, check};

    /// A graph in which every name with edges is ours unless it starts with `outside`.
    fn graph(packages: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (name, edges) in packages {
            if !name.starts_with("outside") {
                graph.ours.insert((*name).to_owned());
            }
            for edge in edges.split_whitespace() {
                graph.edges.entry(edge.to_owned()).or_default();
            }
            let edges = edges.split_whitespace().map(str::to_owned).collect();
            graph.edges.insert((*name).to_owned(), edges);
        }
        graph
    }

    #[track_caller]
    fn assert_one(packages: &[(&str, &str)], start: &str) {
        let findings = check(&graph(packages));
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.starts_with(start)), "{findings:#?}");
    }

    #[test]
    fn the_design_passes() {
        let findings = check(&graph(&[
            ("integrations-core", "serde url"),
            ("integrations", "integrations-core tokio"),
            ("integrations-testkit", "integrations-core tokio"),
            ("provider-slack", "integrations-core serde"),
            ("store-sqlite", "integrations-core sqlx tokio"),
            ("queue-redis", "integrations-core redis"),
            ("cipher-ring", "integrations-core ring"),
            ("http-reqwest", "integrations-core reqwest rustls"),
            ("telegram-sandbox", "axum"),
            ("inbound-email", "integrations-core mail-parser"),
            ("api-http", "integrations-core inbound-email axum"),
            ("server", "integrations store-sqlite queue-redis provider-slack api-http tokio"),
            ("xtask", "clap"),
        ]));
        assert!(findings.is_empty(), "{findings:#?}");
    }

    #[test]
    fn the_core_sees_neither_us_nor_unlisted_crates() {
        assert_one(
            &[("integrations-core", "inbound-email"), ("inbound-email", "")],
            "integrations-core -> inbound-email: the core",
        );
        assert_one(&[("integrations-core", "chrono")], "integrations-core -> chrono: the core");
    }

    #[test]
    fn the_core_reaches_no_runtime_through_a_permitted_crate() {
        assert_one(
            &[("integrations-core", "url"), ("outside", ""), ("url", "outside"), ("outside", "tokio")],
            "integrations-core -> url -> outside -> tokio: the core",
        );
    }
}
