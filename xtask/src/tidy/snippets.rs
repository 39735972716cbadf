//! Code on a page is code that is built: a block marked `from=` some file stands in that file.
//!
//! Indentation does not count, and a line `// …` stands for any number of others.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::tree::Tree;

const LEFT_OUT: &str = "// …";

pub(super) fn check(tree: &Tree) -> Vec<String> {
    tree.with_ending(".md").flat_map(|(path, text)| page(tree, path, text)).collect()
}

fn page(tree: &Tree, path: &str, text: &str) -> Vec<String> {
    let (mut findings, mut open) = (Vec::new(), None);
    for (event, place) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let source = info.split_whitespace().find_map(|word| word.strip_prefix("from="));
                open = source.map(|source| (source.to_owned(), place.start, String::new()));
            }
            Event::Text(code) => open.iter_mut().for_each(|(_, _, block)| block.push_str(&code)),
            Event::End(TagEnd::CodeBlock) => {
                if let Some((source, start, block)) = open.take()
                    && !tree.texts.get(&source).is_some_and(|file| holds(file, &block))
                {
                    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
                    findings.push(format!("{path}:{line}: {source} does not hold this code"));
                }
            }
            _ => {}
        }
    }
    findings
}

/// Whether the parts of the block stand in the file, one after the other.
fn holds(file: &str, block: &str) -> bool {
    let file: Vec<_> = file.lines().map(str::trim).collect();
    let block: Vec<_> = block.lines().map(str::trim).collect();
    let mut rest = file.as_slice();
    block.split(|line| *line == LEFT_OUT).filter(|part| !part.is_empty()).all(|part| {
        let found = rest.windows(part.len()).position(|lines| lines == part);
        rest = found.and_then(|at| rest.get(at + part.len()..)).unwrap_or_default();
        found.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn findings(block: &str) -> Vec<String> {
        let source = "//! A.\nfn a() {\n    let x = 1;\n    let y = 2;\n}\n\nfn b() {}\n";
        let page = format!("# Page\n\n```rust from=src/lib.rs\n{block}\n```\n");
        check(&Tree::of(&[("docs/a.md", &page), ("src/lib.rs", source)]))
    }

    #[test]
    fn code_that_is_there_passes() {
        for block in ["let x = 1;\nlet y = 2;", "fn a() {\n// …\n}", "fn a() {\n    let x = 1;\n// …\nfn b() {}"] {
            assert_eq!(findings(block), [""; 0], "{block}");
        }
        let unmarked = "```rust\nfn c() {}\n```\n";
        assert_eq!(check(&Tree::of(&[("docs/a.md", unmarked)])), [""; 0]);
    }

    #[test]
    fn code_that_is_gone_is_named_by_line() {
        for block in ["let x = 2;", "fn a() {\nlet y = 2;", "fn b() {}\n// …\nfn a() {"] {
            assert_eq!(findings(block), ["docs/a.md:3: src/lib.rs does not hold this code"], "{block}");
        }
        let lost = "```rust from=src/gone.rs\n```\n";
        assert_eq!(check(&Tree::of(&[("docs/a.md", lost)])).len(), 1);
    }
}
