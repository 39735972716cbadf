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
    findings
        .extend(banned.map(|name| format!("{name}: {BANNED_WHY} (`cargo tree --workspace --invert {name}` says who)")));
    findings
}

/// Judges a direct dependency.
fn edge(graph: &Graph, rule: &Rule, from: &str, to: &str) -> Option<String> {
    let owned = OWNED.iter().find(|owned| owned.package == to);
    if let Some(owned) = owned.filter(|owned| !listed(owned.owners, from)) {
        return Some(finding(&[from, to], owned.why));
    }
    let is_ours = graph.ours.contains(to);
    let allowed = if is_ours { rule.ours } else { rule.outside };
    let fine = listed(allowed, to) && !listed(rule.never, to);
    (!fine).then(|| finding(&[from, to], rule.why))
}

/// Judges what is reached through others.
fn paths(graph: &Graph, rule: &Rule, from: &str) -> Vec<String> {
    let paths = graph.paths(from, |to| listed(rule.never, to));
    let through_others = paths.iter().filter(|path| path.len() > 2);
    through_others.map(|path| finding(path, rule.why)).collect()
}

fn finding(path: &[&str], why: &str) -> String {
    format!("{}: {why}", path.join(" -> "))
}

#[cfg(test)]
mod tests {
    use super::{Graph, check};

    /// A package and the names of what it is built with.
    type Package = (&'static str, &'static str);

    fn findings(ours: &[Package], outside: &[Package]) -> Vec<String> {
        let mut graph = Graph::default();
        for (name, built_with) in ours.iter().chain(outside) {
            let edges = built_with.split_whitespace().map(str::to_owned).collect();
            graph.edges.insert((*name).to_owned(), edges);
        }
        graph.ours = ours.iter().map(|(name, _)| (*name).to_owned()).collect();
        check(&graph)
    }

    /// There is one finding, and it starts like this.
    #[track_caller]
    fn assert_one(ours: &[Package], outside: &[Package], start: &str) {
        match findings(ours, outside).as_slice() {
            [finding] if finding.starts_with(start) => {}
            other => panic!("not one finding that starts with {start:?}: {other:#?}"),
        }
    }

    #[test]
    fn the_design_passes() {
        let findings = findings(
            &[
                ("integrations-core", "serde url"),
                ("integrations", "integrations-core tokio"),
                ("integrations-testkit", "integrations-core tokio"),
                ("provider-slack", "integrations-core serde"),
                ("store-postgres", "integrations-core sqlx tokio"),
                ("queue-redis", "integrations-core redis"),
                ("cipher-ring", "integrations-core ring"),
                ("http-reqwest", "integrations-core reqwest rustls"),
                ("telegram-sandbox", "axum"),
                ("inbound-email", "integrations-core mail-parser"),
                ("inbound-smtp", "integrations-core inbound-email tokio"),
                ("api-http", "integrations-core inbound-email axum"),
                ("server", "integrations store-postgres queue-redis provider-slack api-http clap"),
                ("examples", ""),
                ("verify", "telegram-sandbox hyper tokio"),
                ("xtask", "clap"),
            ],
            &[("reqwest", "hyper"), ("hyper", "tokio"), ("axum", "hyper")],
        );
        assert!(findings.is_empty(), "{findings:#?}");
    }

    #[test]
    fn the_core_sees_neither_our_crates_nor_unlisted_ones() {
        assert_one(
            &[("integrations-core", "integrations"), ("integrations", "")],
            &[],
            "integrations-core -> integrations: the core",
        );
        assert_one(&[("integrations-core", "chrono")], &[], "integrations-core -> chrono: the core");
    }

    #[test]
    fn machinery_is_found_behind_permitted_crates_and_named_once() {
        assert_one(
            &[("integrations-core", "url"), ("provider-slack", "slack-sdk")],
            &[("slack-sdk", "client"), ("client", "reqwest"), ("reqwest", "tokio")],
            "provider-slack -> slack-sdk -> client -> reqwest: a provider has neither",
        );
        assert_one(&[("provider-slack", "tokio")], &[], "provider-slack -> tokio: a provider");
        assert_one(&[("integrations", "ring")], &[], "integrations -> ring: each technology");
    }

    #[test]
    fn adapters_do_not_see_each_other() {
        for (from, to) in [
            ("queue-redis", "store-sqlite"),
            ("provider-slack", "provider-telegram"),
            ("api-http", "store-sqlite"),
            ("http-reqwest", "cipher-ring"),
            ("telegram-sandbox", "integrations-core"),
            ("store-sqlite", "server"),
        ] {
            assert_one(&[(from, to), (to, "")], &[], &format!("{from} -> {to}: "));
        }
    }

    #[test]
    fn a_technology_is_named_by_its_adapter_only() {
        assert_one(&[("server", "sqlx")], &[], "server -> sqlx: each technology hides");
        assert_one(&[("queue-memory", "redis")], &[], "queue-memory -> redis: each technology");
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert_one(
            &[("server", "integrations-testkit"), ("integrations-testkit", "")],
            &[],
            "server -> integrations-testkit: it is made for tests; move it",
        );
    }

    #[test]
    fn other_tls_is_found_even_if_only_a_test_needs_it() {
        assert_one(&[], &[("openssl-sys", "cc")], "openssl-sys: rustls with ring");
    }

    #[test]
    fn a_crate_without_a_rule_is_refused() {
        assert_one(&[("helpers", "")], &[], "helpers: no rule knows a crate of this name");
    }
}
