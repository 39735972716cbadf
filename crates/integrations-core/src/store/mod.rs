//! The store port: the truth about everything, in narrow roles.
//!
//! Rules for adapters:
//! - Every method is one atomic, durable unit: when it returns, its effect survives the loss of power.
//! - No method leaks a transaction. Where a rule decides, the adapter loads the facts inside its transaction, asks the
//!   pure rule that it was given, and writes the answer; it does not restate the rule.
//! - Methods that take a slice give one result for each item, in order, and one item never spoils another.
//! - "Not there" is `None` or `false`, never an error; something of another organization is not there.
//! - Lists come in the order of acceptance, by a sequence that the store assigns.

mod accounts;
mod addresses;
mod dispatches;
mod events;
mod integrations;
mod page;
mod slots;

pub use accounts::{AccountStore, CanaryStore};
pub use addresses::AddressStore;
pub use dispatches::{
    Abandoned, AttemptReport, Begun, DispatchFilter, DispatchStore, Held, Settled, StartedAttempt, WorkStore,
};
pub use events::{Deduplication, EventStore, NewEvent, Recipient, Recorded, Scope as DeduplicationScope};
pub use integrations::{DeletedIntegration, IntegrationStore};
pub use page::{Page, Paged};
pub use slots::{FirstAttempts, Slot, Slots};

/// All the roles of a store.
pub trait Store:
    AccountStore + AddressStore + CanaryStore + DispatchStore + EventStore + IntegrationStore + WorkStore
{
}

impl<S> Store for S where
    S: AccountStore + AddressStore + CanaryStore + DispatchStore + EventStore + IntegrationStore + WorkStore
{
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The wish contradicts what is stored. Nothing was changed.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// It cannot do it now: busy, full, or out of reach. Trying again later may help.
    #[error("the store is not available: {reason}")]
    Unavailable {
        /// Our own words for it.
        reason: &'static str,
        /// What the technology said; for the log only.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read.
    #[error("stored data cannot be read: {detail}")]
    Corrupt {
        /// Which part, without its content.
        detail: String,
    },
}

/// How a wish can contradict what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// The organization has an integration of that name.
    #[error("another integration of this organization has that name")]
    IntegrationNameTaken,
    /// The organization has an integration with that destination.
    #[error("this destination is already connected by another integration of this organization")]
    IntegrationAlreadyConnected,
    /// The organization has as many integrations as it may.
    #[error("this organization has as many integrations as it may: {limit}")]
    IntegrationLimitReached {
        /// The limit.
        limit: u32,
    },
    /// The address exists in the installation.
    #[error("that address is taken")]
    AddressTaken,
    /// A subscription names an integration that this organization does not have.
    #[error("a subscription names an integration that does not exist")]
    UnknownIntegration,
    /// It was changed by somebody else since it was read.
    #[error("it was changed by somebody else in the meantime; read it again")]
    Outdated,
}
