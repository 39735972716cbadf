//! The lines that make a provider part of the server.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::name::Name;

/// How a file reads with that provider in it; nothing if it is not as expected.
type Edit = fn(&str, &Name) -> Option<String>;

/// The files that change, from the root of the workspace.
pub(super) const FILES: [&str; 3] = ["Cargo.toml", "crates/server/Cargo.toml", "crates/server/src/lib.rs"];

const EDITS: [Edit; 3] = [dependency, use_of_it, bundled];

/// Those files, and how they read afterwards.
pub(super) fn edits(root: &Path, name: &Name) -> Result<Vec<(&'static str, String)>> {
    let edits = FILES.into_iter().zip(EDITS).map(|(path, edit)| {
        let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
        let text = edit(&text, name).with_context(|| format!("{path} is not as expected; register it by hand"))?;
        Ok((path, text))
    });
    edits.collect()
}

fn dependency(manifest: &str, name: &Name) -> Option<String> {
    with_line(manifest, "[workspace.dependencies]", &format!("{0} = {{ path = \"crates/{0}\" }}", name.package()))
}

fn use_of_it(manifest: &str, name: &Name) -> Option<String> {
    with_line(manifest, "[dependencies]", &format!("{}.workspace = true", name.package()))
}

/// The manifest with one more line among those of the providers in a section, in the order of the alphabet.
fn with_line(manifest: &str, section: &str, line: &str) -> Option<String> {
    let head = format!("\n{section}\n");
    let start = manifest.find(&head)? + head.len();
    let lines = manifest.get(start..)?.split_inclusive('\n').scan(start, |end, line| {
        *end += line.len();
        Some((*end, line))
    });
    let others = lines.take_while(|(_, other)| !other.starts_with('[')).filter(|(_, o)| o.starts_with("provider-"));
    let others: Vec<_> = others.collect();
    let next = others.iter().find(|(_, other)| *other > line).map(|(end, other)| end - other.len());
    let (before, after) = manifest.split_at(next.or_else(|| Some(others.last()?.0))?);
    Some(format!("{before}{line}\n{after}"))
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
    fn lines_keep_their_section_and_their_order() {
        let manifest = "x = 1\n\n[a]\na = 1\nprovider-b = 1\nprovider-d = 1\nz = 1\n\n[b]\nprovider-c = 1\n";
        let place = |line| {
            let text = with_line(manifest, "[a]", line).unwrap();
            assert_eq!(text.replacen(&format!("{line}\n"), "", 1), manifest);
            text.lines().skip_while(|other| *other != line).nth(1).unwrap().to_owned()
        };
        assert_eq!(place("provider-a = 1"), "provider-b = 1");
        assert_eq!(place("provider-bb = 1"), "provider-d = 1");
        assert_eq!(place("provider-e = 1"), "z = 1");
        assert_eq!(with_line(manifest, "[c]", "provider-a = 1"), None);
        assert_eq!(with_line("[a]\na = 1\n", "[a]", "provider-a = 1"), None);
    }

    #[test]
    fn the_real_files_take_any_new_provider() {
        for (name, type_name) in [("aaa", "Aaa"), ("two-words", "TwoWords"), ("zzz", "Zzz")] {
            let module = format!("provider_{}", name.replace('-', "_"));
            for (path, text) in edits(workspace::root(), &name.parse().unwrap()).unwrap() {
                let old = fs::read_to_string(workspace::root().join(path)).unwrap();
                let added: Vec<_> = text.lines().filter(|line| !old.contains(line)).collect();
                let (line, after) = match path {
                    "Cargo.toml" => {
                        (format!("provider-{name} = {{ path = \"crates/provider-{name}\" }}"), "# Runtime and web")
                    }
                    "crates/server/Cargo.toml" => (format!("provider-{name}.workspace = true"), "[dev-dependencies]"),
                    _ => (format!(".with({module}::{type_name})"), "fn run("),
                };
                assert_eq!(added, [line.as_str()], "{path}");
                assert!(text.find(&line) < text.find(after), "{path}: {text}");
            }
        }
    }
}
