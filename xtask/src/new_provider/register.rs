//! The lines that make a provider part of the server.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::name::Name;

/// How a file reads with that provider in it; nothing if it is not as expected.
type Edit = fn(&str, &Name) -> Option<String>;

const EDITS: [(&str, Edit); 3] =
    [("Cargo.toml", dependency), ("crates/server/Cargo.toml", use_of_it), ("crates/server/src/lib.rs", bundled)];

/// The files that change, and how they read afterwards.
pub(super) fn edits(root: &Path, name: &Name) -> Result<Vec<(&'static str, String)>> {
    let edits = EDITS.iter().map(|(path, edit)| {
        let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
        let text = edit(&text, name).with_context(|| format!("{path} is not as expected; register it by hand"))?;
        Ok((*path, text))
    });
    edits.collect()
}

fn dependency(manifest: &str, name: &Name) -> Option<String> {
    with_line(manifest, &format!("{0} = {{ path = \"crates/{0}\" }}", name.package()))
}

fn use_of_it(manifest: &str, name: &Name) -> Option<String> {
    with_line(manifest, &format!("{}.workspace = true", name.package()))
}

/// The manifest with one more line among those of the providers, in the order of the alphabet.
fn with_line(manifest: &str, line: &str) -> Option<String> {
    let providers = || manifest.lines().filter(|line| line.starts_with("provider-"));
    let next = providers().find(|other| *other > line);
    let (mark, is_before) = next.map(|next| (next, true)).or_else(|| Some((providers().next_back()?, false)))?;
    let both = if is_before { format!("{line}\n{mark}\n") } else { format!("{mark}\n{line}\n") };
    Some(manifest.replacen(&format!("{mark}\n"), &both, 1))
}

/// The server's root file with one more provider at the end of `bundled_providers`.
fn bundled(source: &str, name: &Name) -> Option<String> {
    let start = source.find("pub fn bundled_providers(")?;
    let end = start + source.get(start..)?.find("\n}\n")?;
    let (before, after) = source.split_at(end);
    Some(format!("{before}\n.with({}::{}){after}", name.module(), name.type_name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn lines_keep_their_order() {
        let manifest = "a = 1\nprovider-b = 1\nprovider-d = 1\nserver = 1\n";
        let with = |line| with_line(manifest, line).unwrap();
        assert_eq!(with("provider-a = 1"), "a = 1\nprovider-a = 1\nprovider-b = 1\nprovider-d = 1\nserver = 1\n");
        assert_eq!(with("provider-c = 1"), "a = 1\nprovider-b = 1\nprovider-c = 1\nprovider-d = 1\nserver = 1\n");
        assert_eq!(with("provider-e = 1"), "a = 1\nprovider-b = 1\nprovider-d = 1\nprovider-e = 1\nserver = 1\n");
        assert_eq!(with_line("a = 1\n", "provider-a = 1"), None);
    }

    #[test]
    fn the_real_files_take_a_new_provider() {
        let name = "two-words".parse().unwrap();
        for (path, text) in edits(workspace::root(), &name).unwrap() {
            let old = fs::read_to_string(workspace::root().join(path)).unwrap();
            let added: Vec<_> = text.lines().filter(|line| !old.contains(line)).collect();
            let line = match path {
                "Cargo.toml" => "provider-two-words = { path = \"crates/provider-two-words\" }",
                "crates/server/Cargo.toml" => "provider-two-words.workspace = true",
                _ => ".with(provider_two_words::TwoWords)",
            };
            assert_eq!(added, [line], "{path}");
        }
    }
}
