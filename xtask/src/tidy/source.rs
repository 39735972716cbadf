//! Rust files: each says its thought in the first line, is short, and holds no stubs.

use super::tree::Tree;

/// The most lines a file should have.
const LONGEST: usize = 400;

/// Files that are longer all the same, and how long they are. Numbers only fall, and entries only go.
const STILL_LONGER: &[(&str, usize)] = &[];

/// What must not be left behind. Taken apart here, so that this file passes its own check.
const LEFT_BEHIND: [&str; 4] =
    [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let files = tree.with_ending(".rs");
    let mut findings: Vec<_> = files
        .flat_map(|(path, text)| {
            let long = length(path, text.lines().count(), STILL_LONGER);
            heading(path, text).into_iter().chain(long).chain(stubs(path, text))
        })
        .collect();
    let gone = STILL_LONGER.iter().filter(|(path, _)| !tree.paths.contains(*path));
    findings.extend(gone.map(|(path, _)| format!("{path}: is gone; take it off the list of long files")));
    findings
}

fn heading(path: &str, text: &str) -> Option<String> {
    let exempt = text.trim().is_empty() || path == "build.rs" || path.ends_with("/build.rs");
    (!exempt && !text.starts_with("//!"))
        .then(|| format!("{path}:1: start with a `//!` line that says what the file is about"))
}

fn length(path: &str, lines: usize, longer: &[(&str, usize)]) -> Option<String> {
    let listed = longer.iter().find(|(name, _)| *name == path).map(|(_, lines)| *lines);
    match listed {
        None if lines <= LONGEST => None,
        None => Some(format!("{path}: {lines} lines; split it by thought, {LONGEST} is the limit")),
        Some(_) if lines <= LONGEST => Some(format!("{path}: is short now; take it off the list of long files")),
        Some(was) if lines < was => Some(format!("{path}: has shrunk; put {lines} on the list of long files")),
        Some(was) if lines > was => Some(format!("{path}: {lines} lines; it had {was} and may only shrink")),
        Some(_) => None,
    }
}

fn stubs<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    text.lines().zip(1..).flat_map(move |(line, number)| {
        let found = LEFT_BEHIND.iter().filter(|stub| line.contains(**stub));
        found.map(move |stub| format!("{path}:{number}: finish it or drop it: `{stub}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::{LEFT_BEHIND, Tree, check, length};

    #[test]
    fn a_file_needs_a_heading() {
        assert_eq!(check(&Tree::of(&[("src/lib.rs", "//! A thought.\n"), ("src/no.rs", "\n")])), [""; 0]);
        assert_eq!(check(&Tree::of(&[("build.rs", "fn main() {}\n")])), [""; 0]);
        let findings = check(&Tree::of(&[("src/lib.rs", "// A thought.\n"), ("src/build_it.rs", "use a;\n")]));
        assert_eq!(findings.len(), 2, "{findings:#?}");
    }

    #[test]
    fn stubs_are_named_by_line() {
        for stub in LEFT_BEHIND {
            let text = format!("//! A thought.\nfn f() {{ {stub} }}\n");
            let findings = check(&Tree::of(&[("src/lib.rs", &text)]));
            assert_eq!(findings, [format!("src/lib.rs:2: finish it or drop it: `{stub}`")]);
        }
    }

    #[test]
    fn a_long_file_is_split() {
        let text = |lines| "//! A thought.\n".repeat(lines);
        assert_eq!(check(&Tree::of(&[("a.rs", &text(400))])), [""; 0]);
        assert_eq!(check(&Tree::of(&[("a.rs", &text(401))])).len(), 1);
    }

    #[test]
    fn a_listed_file_may_only_shrink() {
        let listed = [("a.rs", 450)];
        assert_eq!(length("a.rs", 450, &listed), None);
        assert!(length("a.rs", 451, &listed).is_some_and(|finding| finding.contains("may only shrink")));
        assert!(length("a.rs", 449, &listed).is_some_and(|finding| finding.contains("put 449")));
        assert!(length("a.rs", 400, &listed).is_some_and(|finding| finding.contains("take it off")));
        assert!(length("b.rs", 450, &listed).is_some_and(|finding| finding.contains("split it")));
    }
}
