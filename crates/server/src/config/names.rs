//! Names of settings: which are known, which look like ours, and which known one was probably meant.

use super::{setting::Entry, table};

/// Variables that begin like this are ours, so that one with an unknown name is a mistake.
const PREFIXES: [&str; 2] = ["INTEGRATION_", "MAX_INTEGRATION"];

/// Whether a variable of that name can only be meant for us.
pub(super) fn is_ours(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The setting of that name, or the secret whose file has that name.
pub(super) fn known(name: &str) -> Option<&'static Entry> {
    table::entries().find(|entry| entry.name == name || entry.file_name().is_some_and(|file| file == name))
}

/// The setting whose name is most like `name`.
pub(super) fn nearest(name: &str) -> &'static Entry {
    table::entries().min_by_key(|entry| distance(entry.name, name)).unwrap_or(&table::HTTP_LISTEN.entry)
}

/// How many characters must be added, removed or replaced to make one name of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (a, mut left) in from.bytes().zip(1..) {
        let mut next = vec![left];
        for (b, [diagonal, above]) in to.bytes().zip(row.array_windows()) {
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
