//! What happened, in order: the latest entries and an exact count of all.

use std::collections::VecDeque;

use serde::Serialize;

/// A list that forgets its oldest entries but not how many there were.
pub(crate) struct Journal<T> {
    entries: VecDeque<T>,
    keep: usize,
    total: u64,
}

impl<T> Journal<T> {
    pub(super) fn new(keep: usize) -> Self {
        Self { entries: VecDeque::new(), keep, total: 0 }
    }

    /// The number that the next entry gets; the first one gets 1.
    pub(super) fn next(&self) -> u64 {
        self.total + 1
    }

    pub(super) fn push(&mut self, entry: T) {
        self.total += 1;
        self.entries.push_back(entry);
        let extra = self.entries.len().saturating_sub(self.keep);
        self.entries.drain(..extra);
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The entries that are kept and for which this is not true. It is true for a number of them at the
    /// start and for no other.
    pub(super) fn after(&self, is_before: impl FnMut(&T) -> bool) -> impl Iterator<Item = &T> {
        self.entries.range(self.entries.partition_point(is_before)..)
    }
}

/// One call of the Bot API. The token is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Counts the calls from 1.
    pub sequence: u64,
    /// When it was handled, in Unix milliseconds.
    pub at_ms: u64,
    /// The bot that the token names, whether or not the token was right.
    pub bot_id: i64,
    /// The method, as it was written.
    pub method: String,
    /// The chat, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// Whether it did what it asks for.
    pub processed: bool,
    /// The message that came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<i64>,
    /// The HTTP status of the answer; none if no answer is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The name of the scripted fault that hit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}
