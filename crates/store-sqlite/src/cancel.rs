//! Canceling what waits for something that is deleted.

use integrations_core::{CancelReason, DispatchStatus};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    session::{Bulk, Session},
    states::{Changes, Facts, delayed, fresh, select_facts},
};

/// How many are canceled in one piece, so that memory is not the limit.
const PIECE: usize = 1000;

pub(crate) const DELAYED_OF_INTEGRATION: &str = select_facts!(
    from "integrations w CROSS JOIN dispatches d INDEXED BY dispatches_delayed ON d.organization = w.organization"
    where concat!(
        "w.sequence = ?1 AND d.integration = ?1 AND ",
        delayed!(),
        " AND d.status = ?2 AND d.sequence > ?3 ORDER BY d.sequence LIMIT ?4"
    )
);

pub(crate) const DELAYED_AT_ADDRESS: &str = select_facts!(
    from "addresses w CROSS JOIN dispatches d INDEXED BY dispatches_delayed ON d.organization = w.organization"
    where concat!(
        "w.sequence = ?1 AND d.address = ?1 AND ",
        delayed!(),
        " AND d.status = ?2 AND d.sequence > ?3 ORDER BY d.sequence LIMIT ?4"
    )
);

pub(crate) const FRESH_OF_INTEGRATION: &str = concat!(
    "SELECT sequence FROM dispatches INDEXED BY dispatches_fresh WHERE ",
    fresh!(),
    " AND organization = (SELECT organization FROM integrations WHERE sequence = ?1) AND integration = ?1"
);

pub(crate) const FRESH_AT_ADDRESS: &str = concat!(
    "SELECT sequence FROM dispatches INDEXED BY dispatches_fresh WHERE ",
    fresh!(),
    " AND organization = (SELECT organization FROM addresses WHERE sequence = ?1) AND address = ?1"
);

pub(crate) const BY_SEQUENCE: Bulk<1> =
    Bulk(select_facts!(from "({rows}) CROSS JOIN dispatches d ON d.sequence = column1" where "column1 IS NOT NULL"));

/// Whose dispatches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Integration(i64),
    Address(i64),
}

/// Cancels all that wait, and gives their number. One that cannot be read is left: when it can be, it is canceled as
/// soon as it is to begin.
pub(crate) async fn waiting(tx: &mut SqliteConnection, of: Of, reason: CancelReason) -> sqlx::Result<u64> {
    let mut canceled = 0;
    for status in DispatchStatus::ALL.iter().filter(|status| status.is_waiting()) {
        let mut next = Some(0);
        while let Some(after) = next {
            let rows = delayed(tx, of, *status, after).await?;
            canceled += cancel_all(tx, &rows, reason).await?;
            next = rows.last().map(|row| row.try_get(0)).transpose()?;
        }
    }
    for piece in fresh(tx, of).await?.chunks(PIECE) {
        let rows = Session::over(tx).read(BY_SEQUENCE, piece.iter().map(|sequence| [(*sequence).into()])).await?;
        canceled += cancel_all(tx, &rows, reason).await?;
    }
    Ok(canceled)
}

/// Some of those behind a sequence number that are delayed.
async fn delayed(
    tx: &mut SqliteConnection,
    of: Of,
    status: DispatchStatus,
    after: i64,
) -> sqlx::Result<Vec<SqliteRow>> {
    let (select, owner) = match of {
        Of::Integration(sequence) => (DELAYED_OF_INTEGRATION, sequence),
        Of::Address(sequence) => (DELAYED_AT_ADDRESS, sequence),
    };
    let select = sqlx::query(select).bind(owner).bind(status.as_str()).bind(after).bind(PIECE as i64);
    select.fetch_all(tx).await
}

/// The numbers of those that are fresh.
async fn fresh(tx: &mut SqliteConnection, of: Of) -> sqlx::Result<Vec<i64>> {
    let (select, owner) = match of {
        Of::Integration(sequence) => (FRESH_OF_INTEGRATION, sequence),
        Of::Address(sequence) => (FRESH_AT_ADDRESS, sequence),
    };
    sqlx::query_scalar(select).bind(owner).fetch_all(tx).await
}

/// Cancels the dispatches of these facts, and gives their number.
async fn cancel_all(tx: &mut SqliteConnection, rows: &[SqliteRow], reason: CancelReason) -> sqlx::Result<u64> {
    let mut changes = Changes::default();
    let mut canceled = 0;
    for row in rows {
        match Facts::read(row) {
            Ok(facts) => canceled += u64::from(cancel(&facts, reason, &mut changes)),
            Err(error) => tracing::error!(%error, "a waiting dispatch is not canceled"),
        }
    }
    let mut session = Session::over(tx);
    changes.store(&mut session, None);
    session.flush().await?;
    Ok(canceled)
}

fn cancel(facts: &Facts, reason: CancelReason, changes: &mut Changes) -> bool {
    let canceled = facts.state.canceled(reason);
    let changed = canceled.is_some();
    if let Some(canceled) = canceled {
        changes.add(facts.sequence, facts.organization, facts.state.clone(), canceled, None);
    }
    changed
}
