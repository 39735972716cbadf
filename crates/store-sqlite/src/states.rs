//! The changing part of dispatches: read for the rules, and written as they say.

use std::collections::BTreeMap;

use foldhash::HashMap;
use integrations_core::{
    AttemptError, AttemptOutcome, CancelReason, DispatchId, DispatchState, DispatchStatus, LaneKey, OrganizationId,
    QueueEntry, Reason,
};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    value::Value,
    working::threads::Threads,
};

/// The columns of a state, of a dispatch `d`.
macro_rules! state_columns {
    () => {
        "d.status, d.reason, d.generation, d.attempt_count, d.step, d.lost_answers, d.last_outcome, \
         d.window_ends_at, d.held_since, d.held_before, d.due_at, d.lease_until, d.delivered_at, \
         d.error_code, d.error_message, d.error_status"
    };
}

/// What rules need of a dispatch `d` without its event: from where, and under which conditions.
macro_rules! select_facts {
    (from $from:literal where $conditions:literal) => {
        concat!(
            "SELECT d.sequence, d.id, d.organization, o.id, i.lane, ",
            "i.deleted_at IS NOT NULL, a.deleted_at IS NOT NULL, d.started_at, ",
            crate::states::state_columns!(),
            " FROM ",
            $from,
            " CROSS JOIN organizations o ON o.sequence = d.organization",
            " CROSS JOIN integrations i ON i.sequence = d.integration",
            " CROSS JOIN addresses a ON a.sequence = d.address WHERE ",
            $conditions
        )
    };
}

/// A dispatch that waits for its first attempt and for nothing else; one row of `dispatches_fresh`.
macro_rules! fresh {
    () => {
        "due_at IS NOT NULL AND attempt_count = 0 AND reason IS NULL"
    };
}

/// A dispatch that waits after an attempt or for a reason; one row of `dispatches_due` and `dispatches_delayed`.
macro_rules! delayed {
    () => {
        "due_at IS NOT NULL AND (attempt_count <> 0 OR reason IS NOT NULL)"
    };
}

pub(crate) use {delayed, fresh, select_facts, state_columns};

/// A dispatch, as far as rules need it without its event.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) sequence: i64,
    pub(crate) id: DispatchId,
    pub(crate) organization: i64,
    pub(crate) organization_id: OrganizationId,
    pub(crate) lane: LaneKey,
    pub(crate) integration_deleted: bool,
    pub(crate) address_deleted: bool,
    /// When the open attempt began.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) state: DispatchState,
}

impl Facts {
    /// Reads a row of `select_facts`.
    pub(crate) fn read(row: &SqliteRow) -> Result<Self, Unreadable> {
        let mut columns = Columns::of(row);
        Ok(Self {
            sequence: columns.next()?,
            id: DispatchId::from_bytes(columns.bytes()?),
            organization: columns.next()?,
            organization_id: OrganizationId::from_bytes(columns.bytes()?),
            lane: LaneKey::from_stored(columns.next()?),
            integration_deleted: columns.next()?,
            address_deleted: columns.next()?,
            started_at: columns.optional_time()?,
            state: state(&mut columns)?,
        })
    }

    /// Why nobody waits for it any more, if that is so.
    pub(crate) fn deleted(&self) -> Option<CancelReason> {
        if self.integration_deleted {
            return Some(CancelReason::IntegrationDeleted);
        }
        self.address_deleted.then_some(CancelReason::AddressDeleted)
    }

    /// What a queue is told of it, while it waits.
    pub(crate) fn entry(&self) -> Option<QueueEntry> {
        Some(QueueEntry {
            dispatch: self.id,
            organization: self.organization_id,
            lane: self.lane.clone(),
            due: self.state.due_at?,
            sequence: u64::try_from(self.sequence).ok()?,
        })
    }
}

/// Reads the columns of a state.
pub(crate) fn state(columns: &mut Columns<'_>) -> Result<DispatchState, Unreadable> {
    Ok(DispatchState {
        status: columns.name()?,
        reason: columns.optional_name()?,
        generation: columns.number()?,
        attempt_count: columns.number()?,
        step: columns.number()?,
        lost_answers: columns.number()?,
        last_outcome: columns.optional_name()?,
        window_ends_at: columns.optional_time()?,
        held_since: columns.optional_time()?,
        held_before: columns.span()?,
        due_at: columns.optional_time()?,
        lease_until: columns.optional_time()?,
        delivered_at: columns.optional_time()?,
        last_error: last_error(columns)?,
    })
}

fn last_error(columns: &mut Columns<'_>) -> Result<Option<AttemptError>, Unreadable> {
    let (code, message, http_status) =
        (columns.optional_name()?, columns.next::<Option<String>>()?, columns.optional_number()?);
    let Some((code, message)) = code.zip(message) else { return Ok(None) };
    Ok(Some(AttemptError { code, message, http_status }))
}

/// A step that begins an attempt.
pub(crate) const BEGUN: Bulk<6> = Bulk(
    "UPDATE OR FAIL dispatches SET status = 'delivering', generation = column2, attempt_count = column3, \
     window_ends_at = column4, lease_until = column5, started_at = column6, due_at = NULL \
     FROM ({rows}) WHERE sequence = column1",
);

/// What any step changes.
pub(crate) const COURSE: Bulk<10> = Bulk(
    "UPDATE OR FAIL dispatches SET status = column2, generation = column3, attempt_count = column4, \
     last_outcome = column5, window_ends_at = column6, due_at = column7, lease_until = column8, \
     delivered_at = column9, started_at = column10 \
     FROM ({rows}) WHERE sequence = column1",
);

/// The last step of nearly all, which keeps the attempt that delivered.
pub(crate) const DELIVERED: Bulk<4> = Bulk(
    "UPDATE OR FAIL dispatches SET status = 'delivered', last_outcome = 'delivered', delivered_at = column2, \
     delivery_started_at = column3, remote_id = column4, due_at = NULL, lease_until = NULL, started_at = NULL \
     FROM ({rows}) WHERE sequence = column1",
);

/// What changes only when something is in the way.
pub(crate) const TROUBLE: Bulk<9> = Bulk(
    "UPDATE OR FAIL dispatches SET reason = column2, step = column3, lost_answers = column4, held_since = column5, \
     held_before = column6, error_code = column7, error_message = column8, error_status = column9 \
     FROM ({rows}) WHERE sequence = column1",
);

pub(crate) const WAITING: Bulk<2> =
    Bulk("UPDATE OR FAIL organizations SET waiting = waiting + column2 FROM ({rows}) WHERE sequence = column1");

/// States to be written at the end of a commit's work.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// By sequence number.
    dispatches: BTreeMap<i64, Change>,
    /// How many more wait, by organization.
    waiting: HashMap<i64, i64>,
}

#[derive(Debug)]
struct Change {
    /// As it is stored.
    before: DispatchState,
    after: DispatchState,
    /// When the open attempt began.
    started_at: Option<Timestamp>,
    delivery: Option<Delivery>,
}

/// What the row of a dispatch keeps of the attempt that delivered it.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) started_at: Timestamp,
    pub(crate) remote_id: Option<String>,
}

impl Changes {
    /// Adds the next state of a dispatch, whose open attempt, if it has one then, started at that time. Of several
    /// states of one dispatch the last one counts.
    pub(crate) fn add(
        &mut self,
        sequence: i64,
        organization: i64,
        before: DispatchState,
        after: DispatchState,
        started_at: Option<Timestamp>,
    ) {
        self.put(sequence, organization, Change { before, after, started_at, delivery: None });
    }

    /// Adds the last state of a dispatch whose open attempt has delivered it.
    pub(crate) fn deliver(
        &mut self,
        sequence: i64,
        organization: i64,
        before: DispatchState,
        after: DispatchState,
        delivery: Delivery,
    ) {
        self.put(sequence, organization, Change { before, after, started_at: None, delivery: Some(delivery) });
    }

    fn put(&mut self, sequence: i64, organization: i64, mut change: Change) {
        let waits = |state: &DispatchState| i64::from(state.due_at.is_some());
        *self.waiting.entry(organization).or_default() += waits(&change.after) - waits(&change.before);
        if let Some(earlier) = self.dispatches.remove(&sequence) {
            change.before = earlier.before;
        }
        self.dispatches.insert(sequence, change);
    }

    /// Stores them, and counts for those who remember how many wait.
    pub(crate) fn store(self, session: &mut Session<'_>, threads: Option<&mut Threads>) {
        if let Some(threads) = threads {
            self.waiting.iter().for_each(|(organization, difference)| threads.count(*organization, *difference));
        }
        let dispatches = || self.dispatches.iter().map(|(sequence, change)| (*sequence, change));
        session.write(DELIVERED, dispatches().filter_map(|(sequence, change)| delivered(sequence, change)));
        let others = dispatches().filter(|(_, change)| change.delivery.is_none());
        let (starts, steps): (Vec<_>, Vec<_>) = others.partition(|(_, change)| change.is_start());
        session.write(BEGUN, starts.into_iter().map(|(sequence, change)| begun(sequence, change)));
        session.write(COURSE, steps.into_iter().map(|(sequence, change)| course(sequence, change)));
        let troubled = dispatches().filter(|(_, Change { before, after, .. })| trouble(0, before) != trouble(0, after));
        session.write(TROUBLE, troubled.map(|(sequence, change)| trouble(sequence, &change.after)));
        let waiting = self.waiting.into_iter().filter(|(_, difference)| *difference != 0);
        session.write(WAITING, waiting.map(|(organization, difference)| [organization.into(), difference.into()]));
    }
}

impl Change {
    /// Whether an attempt has begun, and nothing else has changed that [`COURSE`] writes.
    fn is_start(&self) -> bool {
        let Self { before, after, .. } = self;
        let kept = |state: &DispatchState| (state.last_outcome, state.delivered_at);
        (after.status, after.due_at) == (DispatchStatus::Delivering, None) && kept(before) == kept(after)
    }
}

/// None unless its attempt has delivered it.
fn delivered(sequence: i64, change: &Change) -> Option<[Value; 4]> {
    let Delivery { started_at, remote_id } = change.delivery.as_ref()?;
    Some([sequence.into(), change.after.delivered_at.into(), (*started_at).into(), remote_id.clone().into()])
}

fn begun(sequence: i64, change: &Change) -> [Value; 6] {
    let Change { after, started_at, .. } = change;
    [
        sequence.into(),
        after.generation.into(),
        after.attempt_count.into(),
        after.window_ends_at.into(),
        after.lease_until.into(),
        (*started_at).into(),
    ]
}

fn course(sequence: i64, change: &Change) -> [Value; 10] {
    let Change { after, started_at, .. } = change;
    [
        sequence.into(),
        after.status.as_str().into(),
        after.generation.into(),
        after.attempt_count.into(),
        after.last_outcome.map(AttemptOutcome::as_str).into(),
        after.window_ends_at.into(),
        after.due_at.into(),
        after.lease_until.into(),
        after.delivered_at.into(),
        (*started_at).into(),
    ]
}

fn trouble(sequence: i64, state: &DispatchState) -> [Value; 9] {
    let error = state.last_error.as_ref();
    [
        sequence.into(),
        state.reason.map(Reason::as_str).into(),
        state.step.into(),
        state.lost_answers.into(),
        state.held_since.into(),
        state.held_before.into(),
        error.map(|error| error.code.as_str()).into(),
        error.map(|error| error.message.clone()).into(),
        error.and_then(|error| error.http_status).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_what_the_narrow_statement_can_say() {
        let before = DispatchState::accepted(Timestamp::UNIX_EPOCH);
        let start = DispatchState {
            status: DispatchStatus::Delivering,
            due_at: None,
            lease_until: before.due_at,
            generation: 1,
            attempt_count: 1,
            ..before.clone()
        };
        let is_start = |after: &DispatchState| {
            let started_at = Some(Timestamp::UNIX_EPOCH);
            Change { before: before.clone(), after: after.clone(), started_at, delivery: None }.is_start()
        };
        assert!(is_start(&start));
        assert!(!is_start(&before));
        assert!(!is_start(&DispatchState { status: DispatchStatus::Canceled, ..start.clone() }));
        assert!(!is_start(&DispatchState { due_at: before.due_at, ..start.clone() }));
        assert!(!is_start(&DispatchState { last_outcome: Some(AttemptOutcome::Timeout), ..start.clone() }));
        assert!(!is_start(&DispatchState { delivered_at: before.due_at, ..start }));
    }
}
