//! Every crate says what it is, in a README or at the top of its root file.

use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let manifests = tree.with_ending("/Cargo.toml");
    let folders = manifests.filter_map(|(path, _)| path.strip_suffix("/Cargo.toml"));
    folders
        .filter(|folder| !is_described(tree, folder))
        .map(|folder| format!("{folder}: say what the crate is in its README.md or in `//!` lines of src/lib.rs"))
        .collect()
}

fn is_described(tree: &Tree, folder: &str) -> bool {
    let roots = ["src/lib.rs", "src/main.rs"];
    let mut texts = roots.iter().filter_map(|root| tree.texts.get(&format!("{folder}/{root}")));
    tree.paths.contains(&format!("{folder}/README.md")) || texts.any(|text| text.starts_with("//!"))
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_crate_describes_itself() {
        let manifest = ("crates/a/Cargo.toml", "");
        for file in [("crates/a/README.md", ""), ("crates/a/src/lib.rs", "//! A."), ("crates/a/src/main.rs", "//! A.")]
        {
            assert_eq!(check(&Tree::of(&[manifest, file])), [""; 0]);
        }
        for file in [("README.md", ""), ("crates/a/src/lib.rs", "pub mod a;"), ("crates/b/src/lib.rs", "//! B.")] {
            assert_eq!(check(&Tree::of(&[manifest, file])).len(), 1, "{file:?}");
        }
    }
}
