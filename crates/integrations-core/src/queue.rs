//! The queue port: an index of due work. The store is the truth; any queue can be rebuilt from it.

use jiff::Timestamp;

use crate::{DispatchId, LaneKey, OrganizationId};

/// One piece of due work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// What to look at.
    pub dispatch: DispatchId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The lane of its destination.
    pub lane: LaneKey,
    /// When to look at it.
    pub due: Timestamp,
    /// Its place in the store's order of acceptance; decides between entries that are due at the same time.
    pub sequence: u64,
}

/// An index of due work, shared by all workers.
///
/// # Behavior
/// - A dispatch stands in it once: pushing it again moves it to the earlier of the two times, and changes nothing
///   while it is reserved.
/// - Reserve gives entries that are due, taking turns over organizations, and within one over its lanes; within a lane
///   by due time, then by sequence. It gives no more of a lane or an organization at a time than [`Shares`] allows, and
///   of a lane no more than its own limit ([`LaneKey::open`]).
/// - A reserved entry is given to nobody else until it is finished, or its lease ends.
/// - A malformed entry is set aside and hinders no other.
#[async_trait::async_trait]
pub trait DispatchQueue: Send + Sync {
    /// Adds entries, and wakes whoever waits in [`DispatchQueue::pushed`].
    ///
    /// # Errors
    /// The queue cannot be reached. Nothing is lost: a sweep brings the entries again.
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError>;

    /// Takes at most `max` due entries.
    ///
    /// # Errors
    /// The queue cannot be reached.
    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError>;

    /// Adds an entry that is just being accepted, and reserves it, if there is room for it and nothing is there that
    /// should go first. A queue that cannot say so without waiting always says no.
    fn reserve_new(&self, _entry: &QueueEntry) -> bool {
        false
    }

    /// Says that such an entry is going to be pushed, so that no newer one of its lane is reserved before it by
    /// [`DispatchQueue::reserve_new`], unless the push does not come for as long as a lease.
    fn expect_new(&self, _entry: &QueueEntry) {}

    /// Gives reserved entries back: gone, or due again.
    ///
    /// # Errors
    /// The queue cannot be reached; their leases end by themselves.
    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError>;

    /// Returns once something was pushed since the last call of [`DispatchQueue::reserve`] began, at once if that has
    /// happened already. May also return without a cause.
    async fn pushed(&self);
}

/// What a reservation gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reservation {
    /// The entries, for the caller alone.
    pub entries: Vec<QueueEntry>,
    /// When the next entry is due, if none is left that is due now.
    pub next_due: Option<Timestamp>,
}

/// What became of a reserved entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Which one.
    pub dispatch: DispatchId,
    /// When to look at it again; none if the queue may forget it.
    pub again_at: Option<Timestamp>,
}

/// How much may be in flight at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// Of one lane.
    pub lane: usize,
    /// Of one organization.
    pub organization: usize,
}

/// Why the queue did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// It cannot be reached now.
    #[error("the queue cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
