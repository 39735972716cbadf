//! Attempts that begin in the commit which accepts their event.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::Begun;
use crate::{QueueEntry, rules::Policy};

/// How new dispatches begin with their acceptance. It saves them the way through the queue, and a commit.
#[derive(Clone)]
pub struct FirstAttempts {
    /// The policy under which they begin.
    pub policy: Policy,
    /// The time.
    pub now: Timestamp,
    /// Where there is room.
    pub slots: Arc<dyn Slots>,
}

/// Room for attempts. It is asked within a commit, so it answers at once and calls no store.
pub trait Slots: Send + Sync {
    /// Takes a slot for a dispatch that is being accepted; none if it has to wait in the queue.
    fn take(&self, entry: &QueueEntry) -> Option<Box<dyn Slot>>;
}

/// A slot that was taken. Dropped without a word it is free again: the dispatch was not accepted.
pub trait Slot: Send {
    /// Says what has become of the dispatch, durable by now.
    fn begun(self: Box<Self>, begun: Begun);
}

impl fmt::Debug for FirstAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstAttempts").field("policy", &self.policy).field("now", &self.now).finish_non_exhaustive()
    }
}
