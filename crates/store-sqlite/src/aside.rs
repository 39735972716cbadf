//! Dispatches that cannot be read: left alone for a while, so that they hinder nobody.
//!
//! Nothing is given up: after an hour such a dispatch is looked at again, and if it can be read by then, because the
//! data were mended or a newer program reads them, it goes on as if nothing had been.

use std::time::Duration;

use integrations_core::later;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use crate::{session::Session, value::millis};

/// How long they are left alone.
const REST: Duration = Duration::from_secs(3_600);

/// Which ones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aside {
    /// Those that wait. They leave the indexes of what is held, too.
    Waiting,
    /// Those whose attempt is open.
    Open,
}

/// Leaves these alone, whatever else is wrong with them.
pub(crate) async fn put(
    session: &mut Session<'_>,
    which: Aside,
    sequences: &[i64],
    now: Timestamp,
) -> sqlx::Result<()> {
    if sequences.is_empty() {
        return Ok(());
    }
    let connection = session.connection().await?;
    // A row that breaks a check would refuse even this.
    sqlx::raw_sql("PRAGMA ignore_check_constraints = ON").execute(&mut *connection).await?;
    let put = put_each(connection, which, sequences, later(now, REST)).await;
    sqlx::raw_sql("PRAGMA ignore_check_constraints = OFF").execute(connection).await?;
    put
}

async fn put_each(
    connection: &mut SqliteConnection,
    which: Aside,
    sequences: &[i64],
    until: Timestamp,
) -> sqlx::Result<()> {
    let update = match which {
        Aside::Waiting => "UPDATE dispatches SET due_at = ?2, reason = NULL WHERE sequence = ?1 AND due_at IS NOT NULL",
        Aside::Open => "UPDATE dispatches SET lease_until = ?2 WHERE sequence = ?1 AND lease_until IS NOT NULL",
    };
    for sequence in sequences {
        let update = sqlx::query(update).persistent(false).bind(*sequence).bind(millis(until));
        update.execute(&mut *connection).await?;
    }
    Ok(())
}
