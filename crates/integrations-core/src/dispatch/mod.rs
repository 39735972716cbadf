//! Dispatches: one event on its way to one integration, and the attempts made.

mod attempt;
mod state;
mod status;

use jiff::Timestamp;

pub use attempt::{Attempt, AttemptError, AttemptOutcome};
pub use state::DispatchState;
pub use status::{CancelReason, DispatchStatus, FailReason, HoldReason, Reason, Step, TRANSITIONS};

use crate::{AddressId, DispatchId, EventId, EventType, IntegrationId, OrganizationId};

/// A dispatch, as its owner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Its identifier.
    pub id: DispatchId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The event that is dispatched.
    pub event: EventId,
    /// That event's type.
    pub event_type: EventType,
    /// The integration that it goes to.
    pub integration: IntegrationId,
    /// That integration's provider.
    pub provider: String,
    /// The address at which the event happened.
    pub address_id: AddressId,
    /// That address as text.
    pub address: String,
    /// The mail's subject, if it has one.
    pub subject: Option<String>,
    /// Where it stands.
    pub state: DispatchState,
    /// When it was accepted.
    pub created_at: Timestamp,
}
