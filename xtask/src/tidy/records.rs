//! Decision records: `docs/decisions/NNNN-title.md`, each number once, each with the three parts.

use std::collections::BTreeMap;

use super::tree::Tree;

const FOLDER: &str = "docs/decisions/";
const PARTS: [&str; 3] = ["## Context", "## Decision", "## Consequences"];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let mut numbers = BTreeMap::new();
    for (path, text) in tree.with_ending(".md") {
        let Some(name) = path.strip_prefix(FOLDER).filter(|name| *name != "README.md") else {
            continue;
        };
        match number(name) {
            None => findings.push(format!("{path}: name it like 0001-what-was-decided.md")),
            Some(number) => {
                if let Some(other) = numbers.insert(number, path) {
                    findings.push(format!("{path}: {other} has that number too; take the next free one"));
                }
            }
        }
        let missing = PARTS.iter().filter(|part| !text.lines().any(|line| line == **part));
        findings.extend(missing.map(|part| format!("{path}: no heading `{part}`")));
    }
    findings
}

/// The four digits of a well-formed name.
fn number(name: &str) -> Option<&str> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let mut words = title.split('-');
    let is_title = words
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    (is_number && is_title).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    const RECORD: &str = "# A\n\n## Context\n\nB\n\n## Decision\n\nC\n\n## Consequences\n\nD\n";

    #[test]
    fn records_in_order_pass() {
        let tree = Tree::of(&[
            ("docs/decisions/README.md", "# Decisions\n"),
            ("docs/decisions/0001-one-writer.md", RECORD),
            ("docs/decisions/0002-aes-256.md", RECORD),
        ]);
        assert_eq!(check(&tree), [""; 0]);
    }

    #[test]
    fn a_number_is_given_once() {
        let tree = Tree::of(&[("docs/decisions/0001-a.md", RECORD), ("docs/decisions/0001-b.md", RECORD)]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1, "{findings:#?}");
    }

    #[test]
    fn names_and_parts_are_fixed() {
        for name in ["1-a.md", "0001.md", "0001-.md", "0001-One.md", "0001-a b.md", "a.md"] {
            let findings = check(&Tree::of(&[(&format!("docs/decisions/{name}"), RECORD)]));
            assert_eq!(findings.len(), 1, "{name}: {findings:#?}");
        }
        let halfway = "# A\n\n## Context\n\n### Decision\n";
        assert_eq!(check(&Tree::of(&[("docs/decisions/0001-a.md", halfway)])).len(), 2);
    }
}
