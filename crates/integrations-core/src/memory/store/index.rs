//! The dispatches, with everything by which workers find them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{rows::DispatchRow, table::Table};
use crate::{Dispatch, DispatchId, DispatchState, DispatchStatus, HoldReason, OrganizationId, Reason, store::Held};

/// All dispatches. States are changed through [`Dispatches::set_state`] alone, which keeps the indexes true.
#[derive(Debug, Default)]
pub(super) struct Dispatches {
    rows: Table<DispatchId, DispatchRow>,
    /// Those that wait, by due time and sequence.
    due: BTreeMap<(Timestamp, u64), DispatchId>,
    /// Those with an open attempt.
    open: BTreeMap<u64, DispatchId>,
    /// Those that are held for something that can be released.
    held: HashMap<Held, BTreeMap<u64, DispatchId>>,
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

    pub(super) fn erase(&mut self, organization: OrganizationId) {
        self.rows.retain(|row| row.dispatch.organization != organization);
        let rows = &self.rows;
        self.due.retain(|_, id| rows.get(*id).is_some());
        self.open.retain(|_, id| rows.get(*id).is_some());
        self.held.values_mut().for_each(|held| held.retain(|_, id| rows.get(*id).is_some()));
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
    pub(super) fn open(&self) -> impl Iterator<Item = &Dispatch> {
        self.open.values().filter_map(|id| Some(&self.rows.get(*id)?.dispatch))
    }

    /// Those that are held, oldest first.
    pub(super) fn held(&self, which: Held) -> impl Iterator<Item = &Dispatch> {
        let held = self.held.get(&which).into_iter().flat_map(BTreeMap::values);
        held.filter_map(|id| Some(&self.rows.get(*id)?.dispatch))
    }

    fn index(&mut self, sequence: u64, id: DispatchId, organization: OrganizationId, state: &DispatchState) {
        if state.status == DispatchStatus::Delivering {
            self.open.insert(sequence, id);
        }
        if let Some(held) = held(state) {
            self.held.entry(held).or_default().insert(sequence, id);
        }
        if let Some(due) = due(state) {
            self.due.insert((due, sequence), id);
            let waiting = self.waiting.entry(organization).or_default();
            waiting.all += 1;
            if held(state) == Some(Held::ByDailyLimit) {
                waiting.limited.insert(sequence);
            }
        }
    }

    fn unindex(&mut self, sequence: u64, organization: OrganizationId, state: &DispatchState) {
        self.open.remove(&sequence);
        self.held.values_mut().for_each(|held| _ = held.remove(&sequence));
        if let Some(due) = due(state) {
            self.due.remove(&(due, sequence));
            let waiting = self.waiting.entry(organization).or_default();
            waiting.all -= 1;
            waiting.limited.remove(&sequence);
        }
    }
}

/// What would release a held dispatch.
fn held(state: &DispatchState) -> Option<Held> {
    match state.reason {
        Some(Reason::Hold(HoldReason::DailyLimit)) => Some(Held::ByDailyLimit),
        Some(Reason::Hold(HoldReason::IntegrationPaused | HoldReason::IntegrationDisabled)) => {
            Some(Held::ByIntegration)
        }
        _ => None,
    }
}

/// When a waiting dispatch is due.
fn due(state: &DispatchState) -> Option<Timestamp> {
    state.due_at.filter(|_| state.status.is_waiting())
}
