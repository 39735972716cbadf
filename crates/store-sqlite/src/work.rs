//! Dispatches for workers: the calls, as they are handed to the writer, and what needs no writer.

use integrations_core::{
    DispatchId, LaneKey, OrganizationId, QueueEntry, StoreError,
    rules::{DAY, Policy},
    store::{Abandoned, AttemptReport, Begun, Held, Settled, WorkStore},
};
use jiff::Timestamp;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    SqliteStore,
    begin::Begin,
    columns::{Columns, Unreadable},
    failure::Failure,
    settle::Settle,
    states::{delayed, fresh},
    sweeps::{self, Interrupt},
    value::{integer, millis, span_millis},
};

/// Those of an index that are due at `?1`, behind a time `?2` and a number `?3`.
macro_rules! due_in {
    ($index:literal where $condition:expr) => {
        concat!(
            "SELECT due_at, sequence FROM dispatches INDEXED BY ",
            $index,
            " WHERE ",
            $condition,
            " AND due_at <= ?1 AND (due_at, sequence) > (?2, ?3)"
        )
    };
}

pub(crate) const DUE: &str = concat!(
    "SELECT d.id, o.id, i.lane, d.due_at, d.sequence FROM (",
    due_in!("dispatches_fresh" where fresh!()),
    " UNION ALL ",
    due_in!("dispatches_due" where delayed!()),
    " ORDER BY 1, 2 LIMIT ?4) AS due \
     CROSS JOIN dispatches d ON d.sequence = due.sequence \
     CROSS JOIN organizations o ON o.sequence = d.organization \
     CROSS JOIN integrations i ON i.sequence = d.integration \
     ORDER BY due.due_at, due.sequence"
);

/// Rows that nobody needs, some at a time: `?1` is a time, `?2` how many.
pub(crate) const PRUNE_DEDUPLICATIONS: &str = "DELETE FROM deduplications WHERE (organization, address, key) IN \
    (SELECT organization, address, key FROM deduplications WHERE expires_at <= ?1 LIMIT ?2)";

/// The count of windows stands elsewhere.
pub(crate) const PRUNE_WINDOWS: &str = "DELETE FROM windows WHERE (organization, number) IN \
    (SELECT organization, number FROM windows WHERE opened_at <= ?1 LIMIT ?2)";

/// A lane with neither time is free.
pub(crate) const PRUNE_LANES: &str = "DELETE FROM lanes WHERE key IN (SELECT key FROM lanes \
    WHERE coalesce(parked_until <= ?1, TRUE) AND coalesce(steady_at <= ?1, TRUE) LIMIT ?2)";

/// How many rows are pruned in one commit, so that others need not wait for long.
const PRUNED_AT_ONCE: u64 = 1000;

#[async_trait::async_trait]
impl WorkStore for SqliteStore {
    async fn begin(
        &self,
        dispatches: &[DispatchId],
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<Begun>, StoreError> {
        self.writer.begin(Begin { dispatches: dispatches.to_vec(), policy: policy.clone(), now }).await
    }

    async fn settle(&self, reports: &[AttemptReport], policy: &Policy) -> Result<Vec<Settled>, StoreError> {
        self.writer.settle(Settle { reports: reports.to_vec(), policy: policy.clone() }).await
    }

    async fn interrupt(
        &self,
        which: Abandoned,
        policy: &Policy,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let input = Interrupt { which, policy: policy.clone(), now, limit };
        self.writer.change(input, |tx, asked| Box::pin(sweeps::interrupt(tx, asked))).await
    }

    async fn due(
        &self,
        until: Timestamp,
        after: Option<(Timestamp, u64)>,
        limit: u32,
    ) -> Result<Vec<QueueEntry>, StoreError> {
        let (due, sequence) = after.map_or((i64::MIN, 0), |(due, sequence)| (millis(due), integer(sequence)));
        let query = sqlx::query(DUE).bind(millis(until)).bind(due).bind(sequence).bind(limit);
        let rows = self.read(query).await?;
        let entries = rows.iter().filter_map(|row| {
            read_entry(row).inspect_err(|error| tracing::error!(%error, "a due dispatch is passed over")).ok()
        });
        Ok(entries.collect())
    }

    async fn release(&self, which: Held, now: Timestamp, limit: u32) -> Result<Vec<QueueEntry>, StoreError> {
        let input = (which, now, limit);
        self.writer.change(input, |tx, (which, now, limit)| Box::pin(sweeps::release(tx, *which, *now, *limit))).await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), StoreError> {
        let now = millis(now);
        for (delete, until) in
            [(PRUNE_DEDUPLICATIONS, now), (PRUNE_WINDOWS, now - span_millis(DAY)), (PRUNE_LANES, now)]
        {
            let input = (delete, until);
            while self.writer.change(input, |tx, (delete, until)| Box::pin(prune(tx, delete, *until))).await? {}
        }
        Ok(())
    }
}

/// Whether there may be more.
async fn prune(tx: &mut SqliteConnection, delete: &'static str, until: i64) -> Result<bool, Failure> {
    let limit = integer(PRUNED_AT_ONCE);
    let pruned = sqlx::query(delete).bind(until).bind(limit).execute(tx).await?.rows_affected();
    Ok(pruned >= PRUNED_AT_ONCE)
}

fn read_entry(row: &SqliteRow) -> Result<QueueEntry, Unreadable> {
    let mut columns = Columns::of(row);
    Ok(QueueEntry {
        dispatch: DispatchId::from_bytes(columns.bytes()?),
        organization: OrganizationId::from_bytes(columns.bytes()?),
        lane: LaneKey::from_stored(columns.next()?),
        due: columns.time()?,
        sequence: columns.number()?,
    })
}
