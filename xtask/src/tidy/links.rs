//! What documents point to exists: relative links, and paths of Rust files wherever they are mentioned.

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let documents = tree.with_ending(".md");
    documents.flat_map(|(path, text)| links(tree, path, text).chain(mentions(tree, path, text))).collect()
}

/// Links and images that lead nowhere.
fn links<'a>(tree: &'a Tree, path: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    Parser::new(text).into_offset_iter().filter_map(move |(event, place)| {
        let Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) = event else {
            return None;
        };
        let target = dest_url.split('#').next().unwrap_or_default();
        let is_mail = link_type == LinkType::Email || target.starts_with("mailto:");
        let is_elsewhere = target.is_empty() || target.contains("://") || is_mail;
        (!is_elsewhere && !exists(tree, folder(path), target)).then(|| {
            let line = text.bytes().take(place.start).filter(|byte| *byte == b'\n').count() + 1;
            format!("{path}:{line}: the link `{dest_url}` leads nowhere")
        })
    })
}

/// Paths like `xtask/src/main.rs`, from the root or from the document's own folder.
fn mentions<'a>(tree: &'a Tree, path: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    text.lines().zip(1..).flat_map(move |(line, number)| {
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./".contains(c)));
        let files = words.filter(|word| word.ends_with(".rs") && word.contains('/') && !word.starts_with('/'));
        let lost = files.filter(|file| !exists(tree, "", file) && !exists(tree, folder(path), file));
        lost.map(move |file| format!("{path}:{number}: the file `{file}` does not exist"))
    })
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a relative path leads from a folder to something in the project.
fn exists(tree: &Tree, folder: &str, target: &str) -> bool {
    let mut steps = Vec::new();
    for step in folder.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.pop().is_none() => return false,
            ".." => {}
            name => steps.push(name),
        }
    }
    steps.is_empty() || tree.paths.contains(&steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn findings(text: &str) -> Vec<String> {
        check(&Tree::of(&[("docs/a.md", text), ("docs/b.md", ""), ("xtask/src/main.rs", "")]))
    }

    #[test]
    fn what_exists_passes() {
        for text in [
            "[b](b.md) [b](./b.md#part) [here](#part) [xtask](../xtask/src) [root](..)",
            "[web](https://example.org/x.md) <me@example.org> [mail](mailto:me@example.org)",
            "See `xtask/src/main.rs` and ../xtask/src/main.rs.",
            "https://example.org/src/lib.rs, `crates/provider-<name>/src/lib.rs`, plain lib.rs",
            "```text\n[b](gone.md)\n```",
        ] {
            assert_eq!(findings(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_named_by_line() {
        for text in [
            "\n[c](c.md)",
            "\n[c](../b.md)",
            "\n[c](../../docs/b.md)",
            "\n![c](c.png)",
            "\n[c][ref]\n\n[ref]: c.md",
            "\nSee `xtask/src/mian.rs`.",
            "\n```text\nxtask/src/gone.rs\n```",
        ] {
            let findings = findings(text);
            assert_eq!(findings.len(), 1, "{text}: {findings:#?}");
            let line = if text.contains("```") { "docs/a.md:3: " } else { "docs/a.md:2: " };
            assert!(findings.iter().all(|finding| finding.starts_with(line)), "{findings:#?}");
        }
    }
}
