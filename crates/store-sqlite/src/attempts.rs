//! The log of attempts. An open attempt stands in the row of its dispatch. It stays there if it delivers, and moves to the
//! log if it fails.

use std::time::Duration;

use integrations_core::{Attempt, AttemptError, AttemptOutcome, DispatchId, OrganizationId};
use jiff::Timestamp;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    columns::{Columns, Unreadable},
    failure::Failure,
    session::{Bulk, Session},
};

pub(crate) const STORE: Bulk<8> = Bulk(
    "INSERT INTO attempts (dispatch, number, started_at, ended_at, outcome, error_message, error_status, \
     retry_after) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL",
);

pub(crate) const OF_DISPATCH: &str = "SELECT t.number, t.started_at, t.ended_at, t.outcome, t.error_message, t.error_status, \
     t.retry_after, t.remote_id FROM dispatches d \
     JOIN organizations o ON o.sequence = d.organization \
     JOIN attempts t ON t.dispatch = d.sequence \
     WHERE d.id = ?1 AND o.id = ?2 \
     UNION ALL \
     SELECT d.attempt_count, d.started_at, NULL, NULL, NULL, NULL, NULL, NULL FROM dispatches d \
     JOIN organizations o ON o.sequence = d.organization \
     WHERE d.id = ?1 AND o.id = ?2 AND d.started_at IS NOT NULL \
     UNION ALL \
     SELECT d.attempt_count, d.delivery_started_at, d.delivered_at, d.last_outcome, NULL, NULL, NULL, d.remote_id \
     FROM dispatches d \
     JOIN organizations o ON o.sequence = d.organization \
     WHERE d.id = ?1 AND o.id = ?2 AND d.delivery_started_at IS NOT NULL \
     ORDER BY 1";

/// An attempt that has failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) dispatch: i64,
    pub(crate) number: u32,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) outcome: AttemptOutcome,
    pub(crate) error: Option<AttemptError>,
    pub(crate) retry_after: Option<Duration>,
}

/// Adds lines to the log. An error's code is the outcome.
pub(crate) fn store(session: &mut Session<'_>, failed: Vec<Failed>) {
    let values = failed.into_iter().map(|attempt| {
        let (message, http_status) =
            attempt.error.map_or((None, None), |error| (Some(error.message), error.http_status));
        [
            attempt.dispatch.into(),
            attempt.number.into(),
            attempt.started_at.into(),
            attempt.ended_at.into(),
            attempt.outcome.as_str().into(),
            message.into(),
            http_status.into(),
            attempt.retry_after.into(),
        ]
    });
    session.write(STORE, values);
}

/// The attempts of a dispatch, first one first.
pub(crate) async fn of(
    connection: &mut SqliteConnection,
    organization: OrganizationId,
    id: DispatchId,
) -> Result<Vec<Attempt>, Failure> {
    let query = sqlx::query(OF_DISPATCH).bind(id.as_bytes().as_slice()).bind(organization.as_bytes().as_slice());
    let rows = query.fetch_all(connection).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &SqliteRow) -> Result<Attempt, Unreadable> {
    let mut columns = Columns::of(row);
    let (number, started_at, ended_at) = (columns.number()?, columns.time()?, columns.optional_time()?);
    let outcome: Option<AttemptOutcome> = columns.optional_name()?;
    let (message, http_status): (Option<String>, _) = (columns.next()?, columns.optional_number()?);
    let error = outcome.zip(message).map(|(code, message)| AttemptError { code, message, http_status });
    let retry_after = columns.optional_span()?;
    Ok(Attempt { number, started_at, ended_at, outcome, error, retry_after, remote_id: columns.next()? })
}
