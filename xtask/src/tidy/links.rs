//! What documents point to exists: relative links, and Rust files and their functions wherever they are mentioned.

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

/// Words like `xtask/src/main.rs` and `xtask/src/main.rs::main`, from the root or from the document's own folder.
fn mentions<'a>(tree: &'a Tree, path: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    text.lines().zip(1..).flat_map(move |(line, number)| {
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./:".contains(c)));
        let faults = words.filter_map(move |word| fault(tree, folder(path), word));
        faults.map(move |fault| format!("{path}:{number}: {fault}"))
    })
}

/// What is wrong with a word that names a file, and perhaps a function in it.
fn fault(tree: &Tree, folder: &str, word: &str) -> Option<String> {
    let (file, rest) = word.split_once(':').unwrap_or((word, ""));
    if !file.ends_with(".rs") || !file.contains('/') || file.starts_with('/') {
        return None;
    }
    let Some(text) = ["", folder].iter().find_map(|folder| tree.texts.get(&resolve(folder, file)?)) else {
        return Some(format!("the file `{file}` does not exist"));
    };
    let name = rest.strip_prefix(':')?.trim_end_matches(['.', ':']);
    let is_there = name.is_empty() || ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}")));
    (!is_there).then(|| format!("`{file}` has no function `{name}`"))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a relative path leads from a folder to something in the project.
fn exists(tree: &Tree, folder: &str, target: &str) -> bool {
    resolve(folder, target).is_some_and(|path| path.is_empty() || tree.paths.contains(&path))
}

/// The path from the root that a relative path from a folder means; none if it leaves the project.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut steps = Vec::new();
    for step in folder.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()?),
            name => steps.push(name),
        }
    }
    Some(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn findings(text: &str) -> Vec<String> {
        check(&Tree::of(&[
            ("docs/a.md", text),
            ("docs/b.md", ""),
            ("xtask/src/main.rs", "fn main() {}\nfn run<T>() {}"),
        ]))
    }

    #[test]
    fn what_exists_passes() {
        for text in [
            "[b](b.md) [b](./b.md#part) [here](#part) [xtask](../xtask/src) [root](..)",
            "[web](https://example.org/x.md) <me@example.org> [mail](mailto:me@example.org)",
            "See `xtask/src/main.rs` and ../xtask/src/main.rs.",
            "`xtask/src/main.rs::main`, `xtask/src/main.rs::run`; xtask/src/main.rs:1, ../xtask/src/main.rs: done",
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
            "\nSee `xtask/src/main.rs::mian`.",
            "\n```text\nxtask/src/gone.rs\n```",
        ] {
            let findings = findings(text);
            assert_eq!(findings.len(), 1, "{text}: {findings:#?}");
            let line = if text.contains("```") { "docs/a.md:3: " } else { "docs/a.md:2: " };
            assert!(findings.iter().all(|finding| finding.starts_with(line)), "{findings:#?}");
        }
    }
}
