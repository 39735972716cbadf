//! The dispatches, with everything by which workers find them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{rows::DispatchRow, table::Table};
use crate::{Dispatch, DispatchId, DispatchState, DispatchStatus, HoldReason, OrganizationId};

/// All dispatches. States are changed through [`Dispatches::set_state`] alone, which keeps the indexes true.
#[derive(Debug, Default)]
pub(super) struct Dispatches {
    rows: Table<DispatchId, DispatchRow>,
    /// Those that wait, by due time and sequence.
    due: BTreeMap<(Timestamp, u64), DispatchId>,
    /// Those that wait, by sequence.
    waiting_ids: BTreeMap<u64, DispatchId>,
    /// Those with an open attempt.
    open: BTreeMap<u64, DispatchId>,
    waiting: HashMap<OrganizationId, Waiting>,
}

/// What waits in one organization.
#[derive(Debug, Default)]
struct Waiting {
    all: u64,
    /// The sequence numbers of those that are held for the daily limit.
    limited: BTreeSet<u64>,
}

impl Dispatches {
    /// Gives its sequence number.
    pub(super) fn insert(&mut self, dispatch: Dispatch) -> u64 {
        let (id, organization, state) = (dispatch.id, dispatch.organization, dispatch.state.clone());
        let sequence = self.rows.insert(id, DispatchRow { dispatch, attempts: Vec::new() });
        self.index(sequence, id, organization, &state);
        sequence
    }

    pub(super) fn table(&self) -> &Table<DispatchId, DispatchRow> {
        &self.rows
    }

    /// To write its log.
    pub(super) fn row_mut(&mut self, id: DispatchId) -> Option<&mut DispatchRow> {
        self.rows.get_mut(id)
    }

    /// A dispatch of that organization.
    pub(super) fn of(&self, organization: OrganizationId, id: DispatchId) -> Option<&DispatchRow> {
        self.rows.get(id).filter(|row| row.dispatch.organization == organization)
    }

    pub(super) fn set_state(&mut self, id: DispatchId, state: DispatchState) {
        let (Some(sequence), Some(row)) = (self.rows.sequence(id), self.rows.get(id)) else { return };
        let (organization, before) = (row.dispatch.organization, row.dispatch.state.clone());
        self.unindex(sequence, organization, &before);
        self.index(sequence, id, organization, &state);
        if let Some(row) = self.rows.get_mut(id) {
            row.dispatch.state = state;
        }
    }

    /// Gives a new state to those that wait and for which there is one, oldest first and at most `limit`; says which they are.
    pub(super) fn change(
        &mut self,
        limit: usize,
        change: impl Fn(&Dispatch) -> Option<DispatchState>,
    ) -> Vec<DispatchId> {
        let waiting = self.waiting_ids.values().filter_map(|id| self.rows.get(*id));
        let changes = waiting.filter_map(|row| Some((row.dispatch.id, change(&row.dispatch)?)));
        let changes: Vec<_> = changes.take(limit).collect();
        let ids = changes.iter().map(|(id, _)| *id).collect();
        for (id, state) in changes {
            self.set_state(id, state);
        }
        ids
    }

    pub(super) fn erase(&mut self, organization: OrganizationId) {
        self.rows.retain(|row| row.dispatch.organization != organization);
        let rows = &self.rows;
        self.due.retain(|_, id| rows.get(*id).is_some());
        self.waiting_ids.retain(|_, id| rows.get(*id).is_some());
        self.open.retain(|_, id| rows.get(*id).is_some());
        self.waiting.remove(&organization);
    }

    /// How many wait in an organization.
    pub(super) fn waiting(&self, organization: OrganizationId) -> u64 {
        self.waiting.get(&organization).map_or(0, |waiting| waiting.all)
    }

    /// How many of its organization are held for the daily limit in front of it; counts to `limit` only.
    pub(super) fn limited_before(&self, row: &Dispatch, limit: u32) -> u64 {
        let Some(waiting) = self.waiting.get(&row.organization) else { return 0 };
        let own = self.rows.sequence(row.id).unwrap_or_default();
        (0..u64::from(limit)).zip(waiting.limited.range(..own)).count() as u64
    }

    /// Those that wait, by due time and sequence, behind `after`.
    pub(super) fn due(&self, after: Option<(Timestamp, u64)>) -> impl Iterator<Item = (Timestamp, DispatchId)> {
        let from = after.map_or((Timestamp::MIN, 0), |(due, sequence)| (due, sequence.saturating_add(1)));
        self.due.range(from..).map(|((due, _), id)| (*due, *id))
    }

    /// Those with an open attempt, oldest first.
    pub(super) fn open(&self) -> impl Iterator<Item = &DispatchRow> {
        self.open.values().filter_map(|id| self.rows.get(*id))
    }

    fn index(&mut self, sequence: u64, id: DispatchId, organization: OrganizationId, state: &DispatchState) {
        if state.status == DispatchStatus::Delivering {
            self.open.insert(sequence, id);
        }
        if let Some(due) = due(state) {
            self.due.insert((due, sequence), id);
            self.waiting_ids.insert(sequence, id);
            let waiting = self.waiting.entry(organization).or_default();
            waiting.all += 1;
            if state.is_held_for(HoldReason::DailyLimit) {
                waiting.limited.insert(sequence);
            }
        }
    }

    fn unindex(&mut self, sequence: u64, organization: OrganizationId, state: &DispatchState) {
        self.open.remove(&sequence);
        if let Some(due) = due(state) {
            self.due.remove(&(due, sequence));
            self.waiting_ids.remove(&sequence);
            let waiting = self.waiting.entry(organization).or_default();
            waiting.all -= 1;
            waiting.limited.remove(&sequence);
        }
    }
}

/// When a waiting dispatch is due.
fn due(state: &DispatchState) -> Option<Timestamp> {
    state.due_at.filter(|_| state.status.is_waiting())
}
