//! Canceling what waits for something that is deleted.

use integrations_core::{CancelReason, DispatchStatus};
use sqlx::{Row as _, SqliteConnection};

use crate::{
    session::Session,
    states::{Changes, Facts, select_facts},
};

/// How many are canceled in one piece, so that memory is not the limit.
const PIECE: i64 = 1000;

pub(crate) const OF_INTEGRATION: &str = select_facts!(
    from "integrations w CROSS JOIN dispatches d ON d.organization = w.organization"
    where "w.sequence = ?1 AND d.integration = ?1 AND d.due_at IS NOT NULL AND d.status = ?2 AND d.sequence > ?3 \
           ORDER BY d.sequence LIMIT ?4"
);

pub(crate) const AT_ADDRESS: &str = select_facts!(
    from "addresses w CROSS JOIN dispatches d ON d.organization = w.organization"
    where "w.sequence = ?1 AND d.address = ?1 AND d.due_at IS NOT NULL AND d.status = ?2 AND d.sequence > ?3 \
           ORDER BY d.sequence LIMIT ?4"
);

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
            let count;
            (count, next) = piece(tx, of, *status, after, reason).await?;
            canceled += count;
        }
    }
    Ok(canceled)
}

/// Cancels some; gives their number, and the sequence number behind which there may be more.
async fn piece(
    tx: &mut SqliteConnection,
    of: Of,
    status: DispatchStatus,
    after: i64,
    reason: CancelReason,
) -> sqlx::Result<(u64, Option<i64>)> {
    let (select, owner) = match of {
        Of::Integration(sequence) => (OF_INTEGRATION, sequence),
        Of::Address(sequence) => (AT_ADDRESS, sequence),
    };
    let select = sqlx::query(select).bind(owner).bind(status.as_str()).bind(after).bind(PIECE);
    let rows = select.fetch_all(&mut *tx).await?;
    let mut changes = Changes::default();
    let mut canceled = 0;
    for row in &rows {
        match Facts::read(row) {
            Ok(facts) => canceled += u64::from(cancel(&facts, reason, &mut changes)),
            Err(error) => tracing::error!(%error, "a waiting dispatch is not canceled"),
        }
    }
    let mut session = Session::over(tx);
    changes.store(&mut session, None);
    session.flush().await?;
    Ok((canceled, rows.last().map(|row| row.try_get(0)).transpose()?))
}

fn cancel(facts: &Facts, reason: CancelReason, changes: &mut Changes) -> bool {
    let canceled = facts.state.canceled(reason);
    let changed = canceled.is_some();
    if let Some(canceled) = canceled {
        changes.add(facts.sequence, facts.organization, facts.state.clone(), canceled, None);
    }
    changed
}
