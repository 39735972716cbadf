//! Canceling what waits for something that is deleted.

use integrations_core::CancelReason;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    session::{Bulk, Session},
    states::{Changes, Facts, delayed, fresh, select_facts},
};

/// How many are canceled in one piece, so that memory is not the limit.
const PIECE: usize = 1000;

/// What waits for the owner `?1`. Both indexes know the organization, so that no row of another one is read.
macro_rules! waiting_of {
    ($owner:literal in $table:literal) => {
        concat!(
            waiting_of!("dispatches_fresh" where fresh!(), $owner in $table),
            " UNION ALL ",
            waiting_of!("dispatches_delayed" where delayed!(), $owner in $table)
        )
    };
    ($index:literal where $condition:expr, $owner:literal in $table:literal) => {
        concat!(
            "SELECT sequence FROM dispatches INDEXED BY ",
            $index,
            " WHERE ",
            $condition,
            " AND organization = (SELECT organization FROM ",
            $table,
            " WHERE sequence = ?1) AND ",
            $owner,
            " = ?1"
        )
    };
}

pub(crate) const OF_INTEGRATION: &str = waiting_of!("integration" in "integrations");
pub(crate) const AT_ADDRESS: &str = waiting_of!("address" in "addresses");

pub(crate) const FACTS: Bulk<1> =
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
    let (select, owner) = match of {
        Of::Integration(sequence) => (OF_INTEGRATION, sequence),
        Of::Address(sequence) => (AT_ADDRESS, sequence),
    };
    let waiting: Vec<i64> = sqlx::query_scalar(select).bind(owner).fetch_all(&mut *tx).await?;
    let mut canceled = 0;
    for piece in waiting.chunks(PIECE) {
        let rows = Session::over(tx).read(FACTS, piece.iter().map(|sequence| [(*sequence).into()])).await?;
        canceled += cancel_all(tx, &rows, reason).await?;
    }
    Ok(canceled)
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
