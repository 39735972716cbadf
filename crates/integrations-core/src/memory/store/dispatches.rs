//! Dispatches for their owners.

use jiff::Timestamp;

use super::{MemoryStore, state::State};
use crate::{
    Attempt, CancelReason, Dispatch, DispatchId, OrganizationId, QueueEntry, StoreError,
    store::{DispatchFilter, DispatchStore, Page, Paged},
};

#[async_trait::async_trait]
impl DispatchStore for MemoryStore {
    async fn dispatch(&self, organization: OrganizationId, id: DispatchId) -> Result<Option<Dispatch>, StoreError> {
        Ok(self.state().dispatches.of(organization, id).map(|row| row.dispatch.clone()))
    }

    async fn list_dispatches(
        &self,
        organization: OrganizationId,
        filter: DispatchFilter,
        page: Page,
    ) -> Result<Paged<Dispatch>, StoreError> {
        let fits = |dispatch: &Dispatch| {
            dispatch.organization == organization
                && filter.integration.is_none_or(|wanted| dispatch.integration == wanted)
                && filter.address.is_none_or(|wanted| dispatch.address_id == wanted)
                && filter.status.is_none_or(|wanted| dispatch.state.status == wanted)
        };
        let state = self.state();
        Ok(state.dispatches.table().page_back(page, |row| fits(&row.dispatch).then(|| row.dispatch.clone())))
    }

    async fn dispatch_with_attempts(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, Vec<Attempt>)>, StoreError> {
        Ok(self.state().dispatches.of(organization, id).map(|row| (row.dispatch.clone(), row.attempts.clone())))
    }

    async fn cancel(
        &self,
        organization: OrganizationId,
        id: DispatchId,
    ) -> Result<Option<(Dispatch, bool)>, StoreError> {
        let mut state = self.state();
        let Some(row) = state.dispatches.of(organization, id) else { return Ok(None) };
        let canceled = row.dispatch.state.canceled(CancelReason::Requested);
        let changed = canceled.is_some();
        if let Some(canceled) = canceled {
            state.dispatches.set_state(id, canceled);
        }
        Ok(state.dispatches.of(organization, id).map(|row| (row.dispatch.clone(), changed)))
    }

    async fn replay(
        &self,
        organization: OrganizationId,
        id: DispatchId,
        now: Timestamp,
    ) -> Result<Option<(Dispatch, Option<QueueEntry>)>, StoreError> {
        let mut state = self.state();
        let Some(row) = state.dispatches.of(organization, id) else { return Ok(None) };
        let wanted = state.deleted(&row.dispatch).is_none();
        let replayed = row.dispatch.state.replayed(now).filter(|_| wanted);
        let changed = replayed.is_some();
        if let Some(replayed) = replayed {
            state.dispatches.set_state(id, replayed);
        }
        let entry = state.entry(id).filter(|_| changed);
        Ok(state.dispatches.of(organization, id).map(|row| (row.dispatch.clone(), entry)))
    }
}

impl State {
    /// Cancels the waiting dispatches that fit; gives their number.
    pub(super) fn cancel_waiting(&mut self, reason: CancelReason, fits: impl Fn(&Dispatch) -> bool) -> u64 {
        let waiting = self.dispatches.due(None).filter_map(|(_, id)| Some(&self.dispatches.table().get(id)?.dispatch));
        let canceled = waiting.filter(|row| fits(row)).filter_map(|row| Some((row.id, row.state.canceled(reason)?)));
        let canceled: Vec<_> = canceled.collect();
        let count = canceled.len() as u64;
        for (id, state) in canceled {
            self.dispatches.set_state(id, state);
        }
        count
    }
}
