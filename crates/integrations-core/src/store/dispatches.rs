//! Dispatches: what their owners see, and what workers do.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Page, Paged, StoreError};
use crate::{
    AddressId, Attempt, DeliveryError, Dispatch, DispatchId, DispatchStatus, Event, Integration, IntegrationId,
    OrganizationId, QueueEntry, Receipt, rules::Policy,
};

/// Dispatches for their owners.
#[async_trait::async_trait]
pub trait DispatchStore: Send + Sync {
    /// Finds a dispatch.
    async fn dispatch(&self, organization: OrganizationId, id: DispatchId) -> Result<Option<Dispatch>, StoreError>;

    /// The dispatches of an organization, newest first.
    async fn list_dispatches(
        &self,
        organization: OrganizationId,
        filter: DispatchFilter,
        page: Page,
    ) -> Result<Paged<Dispatch>, StoreError>;

    /// Finds a dispatch and its attempts, first one first, both as they are at one moment.
    async fn dispatch_with_attempts(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, Vec<Attempt>)>, StoreError>;

    /// Cancels a waiting dispatch, asking [`crate::DispatchState::canceled`]. Gives the dispatch as it is then, and
    /// whether it was canceled by this call.
    async fn cancel(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, bool)>, StoreError>;

    /// Sends an ended dispatch again, asking [`crate::DispatchState::replayed`]. Gives the dispatch as it is then, and
    /// its queue entry if this call did it. A dispatch whose integration or address is deleted is not replayed.
    async fn replay(
        &self,
        organization: OrganizationId,
        id: DispatchId,
        now: Timestamp,
    ) -> Result<Option<(Dispatch, Option<QueueEntry>)>, StoreError>;
}

/// Which dispatches to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DispatchFilter {
    /// Those of this integration.
    pub integration: Option<IntegrationId>,
    /// Those of this address.
    pub address: Option<AddressId>,
    /// Those in this status.
    pub status: Option<DispatchStatus>,
}

/// Dispatches for workers, over all organizations.
#[async_trait::async_trait]
pub trait WorkStore: Send + Sync {
    /// Starts attempts, asking [`Policy::begin`] for each: what starts has its next generation, its lease and an open
    /// entry in the attempt log, durable before this returns.
    async fn begin(&self, dispatches: &[DispatchId], policy: &Policy, now: Timestamp)
    -> Result<Vec<Begun>, StoreError>;

    /// Ends attempts, asking [`Policy::settle`] for each: result, next state, and what changes about integration and
    /// lanes are one commit. A report whose generation has moved on changes nothing.
    ///
    /// A changed integration gets its next revision. It moves even where another one has that destination by now.
    async fn settle(&self, reports: &[AttemptReport], policy: &Policy) -> Result<Vec<Settled>, StoreError>;

    /// Closes attempts that their workers left open, asking [`Policy::interrupted`], until `limit` dispatches are due
    /// again, and gives these; fewer than `limit` means that none is left.
    async fn interrupt(
        &self,
        which: Abandoned,
        policy: &Policy,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError>;

    /// Waiting dispatches that are due at `until` or before, by due time and sequence, after that of `after`.
    async fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError>;

    /// Lets held dispatches try again, oldest first and at most `limit`, asking [`crate::DispatchState::released`].
    /// Gives what is due; fewer than `limit` means that none is left.
    async fn release(&self, which: Held, now: Timestamp, limit: u32) -> Result<Vec<QueueEntry>, StoreError>;

    /// Removes what nobody needs any more: expired deduplications, lines of the ledger that are older than
    /// [`crate::rules::DAY`], lanes that are free.
    async fn prune(&self, now: Timestamp) -> Result<(), StoreError>;
}

/// What became of a dispatch that was to start.
#[derive(Debug)]
pub enum Begun {
    /// It has started.
    Started(Box<StartedAttempt>),
    /// It waits until then.
    Waiting(Timestamp),
    /// There is nothing to do for it: ended, open elsewhere, or not there.
    Nothing,
}

/// An attempt that is open, with all that it needs.
#[derive(Debug, Clone)]
pub struct StartedAttempt {
    /// The dispatch.
    pub dispatch: DispatchId,
    /// The generation under which to report.
    pub generation: u64,
    /// The attempt's number.
    pub number: u32,
    /// The event to deliver. Its dispatches may share it.
    pub event: Arc<Event>,
    /// The integration to deliver to, as it was then. Attempts that begin together share it.
    pub integration: Arc<Integration>,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct AttemptReport {
    /// The dispatch.
    pub dispatch: DispatchId,
    /// The generation under which it was started.
    pub generation: u64,
    /// The revision of the integration that was used.
    pub revision: u64,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What came of it.
    pub result: Result<Receipt, DeliveryError>,
    /// A number drawn with [`crate::rules::RetryPolicy::draw`], should there be another attempt.
    pub jitter: Duration,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The dispatch waits until then.
    Waiting(Timestamp),
    /// The dispatch has ended.
    Ended,
    /// The report came too late and changed nothing.
    Late,
}

/// Which open attempts are abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// All: this process is the only one, and has just started.
    All,
    /// Those whose lease has ended.
    LeaseEnded,
}

/// Which held dispatches may try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Held {
    /// Those that were held for an integration which is active now.
    ByIntegration,
    /// Those held for the daily limit and not due yet, because the limit may have changed.
    ByDailyLimit,
}
