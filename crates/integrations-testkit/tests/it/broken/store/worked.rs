//! What is worked on: events, dispatches, attempts.

use std::sync::Arc;

use integrations_core::{
    Attempt, Dispatch, DispatchId, OrganizationId, QueueEntry, StoreError,
    rules::Policy,
    store::{
        Abandoned, AttemptReport, Begun, DispatchFilter, DispatchStore, EventStore, FirstAttempts, Held,
        IntegrationStore as _, NewEvent, Page, Paged, Recorded, Settled, Slot, Slots, WorkStore,
    },
};
use jiff::Timestamp;

use super::{Broken, D};

#[async_trait::async_trait]
impl EventStore for Broken {
    async fn record(
        &self,
        events: &[NewEvent],
        max_waiting: u64,
        first: Option<&FirstAttempts>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let events: Vec<_> = events.iter().map(|event| self.changed(event)).collect();
        let max_waiting = if self.is(D::RecordForgetsTheBound) { 0 } else { max_waiting };
        let mut first = first.cloned();
        if let Some(first) = &mut first {
            if self.is(D::FirstAttemptsForgetThePolicy) {
                first.policy = Policy { daily_limit: 0, ..Policy::default() };
            }
            if self.is(D::FirstAttemptsAreNotStored) {
                first.slots = Arc::new(Forgotten(first.slots.clone()));
            }
        }
        let first = first.filter(|_| !self.is(D::RecordForgetsTheSlots));
        let mut recorded = self.inner.record(&events, max_waiting, first.as_ref()).await?;
        if self.is(D::RecordTellsNoEntries) {
            recorded.fill(Recorded::Accepted { dispatch_count: 0, entries: Vec::new() });
        }
        let refused = recorded.iter().position(|answer| *answer == Recorded::UnknownAddress);
        if let Some(first) = refused.filter(|_| self.is(D::RecordStopsAtTheFirstRefusal)) {
            recorded[first..].fill(Recorded::UnknownAddress);
        }
        Ok(recorded)
    }
}

/// Gives slots, and tells the store of none.
struct Forgotten(Arc<dyn Slots>);

impl Slots for Forgotten {
    fn take(&self, entry: &QueueEntry) -> Option<Box<dyn Slot>> {
        drop(self.0.take(entry));
        None
    }
}

#[async_trait::async_trait]
impl DispatchStore for Broken {
    async fn dispatch(&self, owner: OrganizationId, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
        let mut found = self.inner.dispatch(owner, id).await?;
        if self.is(D::DispatchesAreForAll) {
            for organization in self.organizations().await {
                found = found.or(self.inner.dispatch(organization, id).await?);
            }
        }
        Ok(found)
    }

    async fn list_dispatches(
        &self,
        owner: OrganizationId,
        filter: DispatchFilter,
        page: Page,
    ) -> Result<Paged<Dispatch>, StoreError> {
        let filter = if self.is(D::ListsForgetTheFilter) { DispatchFilter::default() } else { filter };
        let mut paged = self.inner.list_dispatches(owner, filter, page).await?;
        if self.is(D::ListsComeBackwards) {
            paged.items.reverse();
        }
        Ok(paged)
    }

    async fn dispatch_with_attempts(
        &self,
        owner: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, Vec<Attempt>)>, StoreError> {
        let Some((mut dispatch, mut attempts)) = self.inner.dispatch_with_attempts(owner, id).await? else {
            return Ok(None);
        };
        if self.is(D::AttemptsComeBackwards) {
            attempts.reverse();
        }
        if self.is(D::AttemptsAreOfALaterMoment) {
            let before = self.read.lock().unwrap().insert(id, dispatch.clone());
            dispatch = before.unwrap_or(dispatch);
        }
        Ok(Some((dispatch, attempts)))
    }

    async fn cancel(&self, owner: OrganizationId, id: DispatchId) -> Result<Option<(Dispatch, bool)>, StoreError> {
        let answer = self.inner.cancel(owner, id).await?;
        Ok(answer.map(|(dispatch, now)| (dispatch, now || self.is(D::CancelAlwaysSaysYes))))
    }

    async fn replay(
        &self,
        owner: OrganizationId,
        id: DispatchId,
        now: Timestamp,
    ) -> Result<Option<(Dispatch, Option<QueueEntry>)>, StoreError> {
        let answer = self.inner.replay(owner, id, now).await?;
        Ok(answer.map(|(dispatch, entry)| (dispatch, entry.filter(|_| !self.is(D::ReplayTellsNoEntry)))))
    }
}

#[async_trait::async_trait]
impl WorkStore for Broken {
    async fn begin(&self, ids: &[DispatchId], policy: &Policy, now: Timestamp) -> Result<Vec<Begun>, StoreError> {
        let mut policy = policy.clone();
        if self.is(D::BeginForgetsTheDailyLimit) {
            policy.daily_limit = 0;
        }
        if self.is(D::BeginForgetsTheRate) {
            policy.unpaced = Arc::new(["sample".to_owned()].into());
        }
        let early = std::time::Duration::from_secs(if self.is(D::BeginComesEarly) { 600 } else { 0 });
        let mut begun = self.inner.begin(ids, &policy, now + early).await?;
        for begun in &begun {
            if let Begun::Started(attempt) = begun {
                self.begun.lock().unwrap().insert(attempt.dispatch, (**attempt).clone());
            }
        }
        if self.is(D::BeginMixesItsAnswers) {
            begun.reverse();
        }
        if self.is(D::BeginStopsAtTheFirst) {
            begun.truncate(1);
        }
        Ok(begun)
    }

    async fn settle(&self, reports: &[AttemptReport], policy: &Policy) -> Result<Vec<Settled>, StoreError> {
        let mut reports = reports.to_vec();
        for report in &mut reports {
            if self.is(D::SettleForgetsTheGeneration) {
                report.generation = self.begun.lock().unwrap()[&report.dispatch].generation;
            }
            if self.is(D::SettleForgetsTheRevision) {
                let used = self.begun.lock().unwrap()[&report.dispatch].integration.clone();
                let now = self.inner.integration(used.organization, used.id).await?;
                report.revision = now.map_or(report.revision, |now| now.revision);
            }
            if let Err(error) = &mut report.result {
                error.retry_after = error.retry_after.filter(|_| !self.is(D::SettleForgetsTheWait));
            }
        }
        let settled = self.inner.settle(&reports, policy).await?;
        Ok(if self.is(D::SettleAnswersTooShortly) { vec![Settled::Ended; settled.len()] } else { settled })
    }

    async fn interrupt(
        &self,
        which: Abandoned,
        policy: &Policy,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let which = if self.is(D::InterruptForgetsTheLease) { Abandoned::All } else { which };
        let limit = if self.is(D::InterruptForgetsTheLimit) { 1_000 } else { limit };
        let entries = self.inner.interrupt(which, policy, now, limit).await?;
        Ok(if self.is(D::InterruptTellsNobody) { Vec::new() } else { entries })
    }

    async fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let until = if self.is(D::DueLooksTooFar) { Timestamp::MAX } else { until };
        let mut entries = self.inner.due(until, after, limit).await?;
        if self.is(D::DueMixesTheOrder) {
            entries.reverse();
        }
        Ok(entries)
    }

    async fn release(&self, which: Held, now: Timestamp, limit: u32) -> Result<Vec<QueueEntry>, StoreError> {
        let limit = if self.is(D::ReleaseReleasesNothing) { 0 } else { limit };
        self.inner.release(which, now, limit).await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        self.inner.prune(now).await
    }
}
