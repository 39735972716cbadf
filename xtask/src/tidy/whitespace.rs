//! No tabs, and nothing invisible at the end of a line or a file.

use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let texts = tree.texts.iter();
    texts.flat_map(|(path, text)| lines(path, text).chain(end(path, text))).collect()
}

fn lines<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = String> + 'a {
    text.split('\n').zip(1..).filter_map(move |(line, number)| {
        if line.contains('\t') {
            Some(format!("{path}:{number}: a tab; use spaces, or `\\t` in a text"))
        } else if line.ends_with(char::is_whitespace) {
            Some(format!("{path}:{number}: whitespace at the end of the line"))
        } else {
            None
        }
    })
}

fn end(path: &str, text: &str) -> Option<String> {
    let fine = text.is_empty() || (text.ends_with('\n') && !text.ends_with("\n\n"));
    (!fine).then(|| format!("{path}: end the file with one line break"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn invisible_characters_are_found() {
        assert_eq!(check(&Tree::of(&[("a.md", "# A\n\n  b c\n"), ("b.toml", "")])), [""; 0]);
        for text in ["a\tb\n", "a \n", "a\r\n", "a\u{a0}\n", "a", "a\n\n"] {
            let findings = check(&Tree::of(&[("a.md", text)]));
            assert_eq!(findings.len(), 1, "{text:?}: {findings:#?}");
        }
    }
}
