//! Rows in the order of acceptance.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    ops::Bound,
};

use crate::store::{Page, Paged};

/// Rows by identifier, and by the sequence number that each is given when it comes.
#[derive(Debug)]
pub(super) struct Table<Id, Row> {
    last: u64,
    sequences: HashMap<Id, u64>,
    rows: BTreeMap<u64, Row>,
}

impl<Id, Row> Default for Table<Id, Row> {
    fn default() -> Self {
        Self { last: 0, sequences: HashMap::new(), rows: BTreeMap::new() }
    }
}

impl<Id: Copy + Eq + Hash, Row> Table<Id, Row> {
    /// Adds a row at the end and gives its sequence number, which is never used again.
    pub(super) fn insert(&mut self, id: Id, row: Row) -> u64 {
        self.last += 1;
        self.sequences.insert(id, self.last);
        self.rows.insert(self.last, row);
        self.last
    }

    pub(super) fn sequence(&self, id: Id) -> Option<u64> {
        self.sequences.get(&id).copied()
    }

    pub(super) fn get(&self, id: Id) -> Option<&Row> {
        self.rows.get(self.sequences.get(&id)?)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Row> {
        self.rows.get_mut(self.sequences.get(&id)?)
    }

    /// All rows, first one first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.values()
    }

    /// All rows, first one first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        self.rows.values_mut()
    }

    /// Removes the rows that it does not want to keep.
    pub(super) fn retain(&mut self, keep: impl Fn(&Row) -> bool) {
        self.rows.retain(|_, row| keep(row));
        self.sequences.retain(|_, sequence| self.rows.contains_key(sequence));
    }

    /// The piece of the rows for which `read` gives something, first one first.
    pub(super) fn page<T>(&self, page: Page, read: impl Fn(&Row) -> Option<T>) -> Paged<T> {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        cut(self.rows.range((after, Bound::Unbounded)), page.limit, read)
    }

    /// The same, last one first.
    pub(super) fn page_back<T>(&self, page: Page, read: impl Fn(&Row) -> Option<T>) -> Paged<T> {
        let before = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        cut(self.rows.range((Bound::Unbounded, before)).rev(), page.limit, read)
    }
}

fn cut<'a, Row: 'a, T>(
    rows: impl Iterator<Item = (&'a u64, &'a Row)>,
    limit: u32,
    read: impl Fn(&Row) -> Option<T>,
) -> Paged<T> {
    let one_more = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let rows = rows.filter_map(|(sequence, row)| Some((*sequence, read(row)?)));
    Paged::from_rows(rows.take(one_more).collect(), limit)
}
