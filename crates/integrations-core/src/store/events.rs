//! Accepting events.

use jiff::Timestamp;

use super::{FirstAttempts, StoreError};
use crate::{AddressId, EventId, OrganizationId, Payload, QueueEntry};

/// The way in.
#[async_trait::async_trait]
pub trait EventStore: Send + Sync {
    /// Accepts events: for each, in one commit, the event, one dispatch ([`crate::DispatchId::derive`],
    /// [`crate::DispatchState::accepted`]) for each subscription of its address to its type, and its deduplication.
    /// All events of one call are in the same commit. Paused and disabled integrations get dispatches too.
    ///
    /// Each event is checked in this order: is it a repeat, is its address there, does too much wait? So a repeat is
    /// answered whatever has become of its address, if its key is unique in the organization.
    ///
    /// An organization with more than `max_waiting` waiting dispatches before the call gets
    /// [`Recorded::TooMuchWaiting`] for each new event; 0 for no limit. Repeats are answered all the same.
    ///
    /// With `first`, a slot is asked for as each dispatch is accepted. Those that get one begin in the same commit, as
    /// [`super::WorkStore::begin`] would begin them right after it. Their slots are told when it is durable and before
    /// this returns, even if nobody waits for that any more.
    async fn record(
        &self,
        events: &[NewEvent],
        max_waiting: u64,
        first: Option<&FirstAttempts>,
    ) -> Result<Vec<Recorded>, StoreError>;
}

/// An event that wants to be accepted.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The identifier it will have.
    pub id: EventId,
    /// The organization in which it is published.
    pub organization: OrganizationId,
    /// Where it happened.
    pub recipient: Recipient,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it is accepted.
    pub received_at: Timestamp,
    /// What happened.
    pub payload: Payload,
    /// By what a repeat is recognised.
    pub deduplication: Option<Deduplication>,
}

/// An address of the organization, named in either way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// By its name, lower-case.
    Name(String),
    /// By its identifier.
    Id(AddressId),
}

/// By what a repeated event is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduplication {
    /// Where the key is unique.
    pub scope: Scope,
    /// A hash of the key.
    pub key: [u8; 32],
    /// A hash of the content: the same key with another content is a mistake.
    pub fingerprint: [u8; 32],
    /// Until when repeats are recognised.
    pub expires_at: Timestamp,
}

/// Where a key is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// In the organization.
    Organization,
    /// At the address.
    Address,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It is accepted and durable.
    Accepted {
        /// How many dispatches it has.
        dispatch_count: u64,
        /// Those that got no slot, to be queued.
        entries: Vec<QueueEntry>,
    },
    /// It was accepted before.
    Duplicate {
        /// The event that was accepted then.
        event: EventId,
        /// How many dispatches it had.
        dispatch_count: u64,
    },
    /// The key was used before with another content.
    Mismatch,
    /// The organization has no such address.
    UnknownAddress,
    /// The organization has too many dispatches waiting.
    TooMuchWaiting,
}
