//! The daily limit: a numbered ledger of opened retry windows for each organization.
//!
//! The window in place `p` may open when the one in place `p - limit` is at least 24 hours old. A dispatch that comes
//! too early is given the next place at once, with the time at which it can open, so that dispatches wake one by one
//! and in order of arrival.

use std::time::Duration;

use jiff::Timestamp;

use crate::later;

/// The length of the day that the limit counts over.
pub const DAY: Duration = Duration::from_secs(86_400);

/// What the rule needs to know of an organization's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The place that the next new window would take: the dispatch's own if it has one, else one after the last.
    pub place: u64,
    /// When the window `limit` places before opened or opens; none if there is none.
    pub opened_before: Option<Timestamp>,
}

/// A line to write into the ledger, over one with the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place.
    pub place: u64,
    /// When the window opens.
    pub opens_at: Timestamp,
}

impl Ledger {
    /// The line for the window that wants to open now: it opens at once, or as soon as the limit allows.
    #[must_use]
    pub fn assign(&self, now: Timestamp) -> LedgerEntry {
        let earliest = self.opened_before.map_or(now, |opened| later(opened, DAY));
        LedgerEntry { place: self.place, opens_at: earliest.max(now) }
    }
}
