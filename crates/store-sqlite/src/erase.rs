//! Erasing an organization with everything that it has.

use integrations_core::OrganizationId;
use sqlx::SqliteConnection;

use crate::{accounts, failure::Failure, working::threads::end};

/// Deletes what hangs on a thread of the organization.
macro_rules! all {
    ($table:literal where $column:literal on ($($thread:tt)+) by $linked:literal $previous:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $column,
            " IN (WITH RECURSIVE thread (sequence) AS (SELECT ",
            end!($($thread)+ "?1"),
            " UNION ALL SELECT l.",
            $previous,
            " FROM thread CROSS JOIN ",
            $linked,
            " l ON l.sequence = thread.sequence) SELECT sequence FROM thread)"
        )
    };
}

/// What goes, and in which order: first what is found through other rows. Foreign keys are off meanwhile, since each
/// deleted row would search other tables for rows that refer to it, by columns that have no index.
pub(crate) const STATEMENTS: &[&str] = &[
    all!("attempts" where "dispatch" on (in organization) by "dispatches" "previous_in_organization"),
    all!("dispatches" where "sequence" on (in organization) by "dispatches" "previous_in_organization"),
    all!("events" where "sequence" on (of events) by "events" "previous"),
    "DELETE FROM recent_ends WHERE CASE list \
         WHEN 1 THEN owner IN (SELECT sequence FROM addresses WHERE organization = ?1) \
         WHEN 2 THEN owner IN (SELECT sequence FROM integrations WHERE organization = ?1) \
         ELSE owner = ?1 END",
    "DELETE FROM settled_ends WHERE list = 1 AND owner IN (SELECT sequence FROM addresses WHERE organization = ?1)",
    "DELETE FROM settled_ends WHERE list = 2 AND owner IN (SELECT sequence FROM integrations WHERE organization = ?1)",
    "DELETE FROM settled_ends WHERE list IN (3, 4) AND owner = ?1",
    "DELETE FROM subscriptions WHERE integration IN (SELECT sequence FROM integrations WHERE organization = ?1)",
    "DELETE FROM addresses WHERE organization = ?1",
    "DELETE FROM integrations WHERE organization = ?1",
    "DELETE FROM deduplications WHERE organization = ?1",
    "DELETE FROM windows WHERE organization = ?1",
    "DELETE FROM lanes WHERE organization = ?1",
    "DELETE FROM api_keys WHERE organization = ?1",
    "DELETE FROM organizations WHERE sequence = ?1",
];

/// `false` if it is not there.
pub(crate) async fn erase(tx: &mut SqliteConnection, id: OrganizationId) -> Result<bool, Failure> {
    let Some(organization) = accounts::sequence(tx, id).await? else { return Ok(false) };
    for statement in STATEMENTS {
        sqlx::query(*statement).bind(organization).execute(&mut *tx).await?;
    }
    Ok(true)
}
