//! Lists in pieces.

/// Which piece of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub limit: u32,
    /// Behind which item: the [`Paged::next`] of the piece before, none for the first.
    pub after: Option<u64>,
}

impl Page {
    /// The first `limit` items.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next piece begins, if there may be one.
    pub next: Option<u64>,
}

impl<T> Paged<T> {
    /// Makes a piece out of up to `limit + 1` items with their sequence numbers: the one too many shows that there is
    /// more.
    #[must_use]
    pub fn from_rows(mut rows: Vec<(u64, T)>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().map(|(sequence, _)| *sequence).filter(|_| more);
        Self { items: rows.into_iter().map(|(_, item)| item).collect(), next }
    }

    /// The same piece of other things.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
