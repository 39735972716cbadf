//! Erasing an organization with everything that it has.

use integrations_core::OrganizationId;
use sqlx::SqliteConnection;

use crate::{accounts, failure::Failure};

/// What goes, and in which order: first what is found through other rows. Foreign keys are off meanwhile, since each
/// deleted row would search other tables for rows that refer to it, by columns that have no index.
pub(crate) const STATEMENTS: &[&str] = &[
    "DELETE FROM attempts WHERE dispatch IN (WITH RECURSIVE thread (sequence) AS ( \
         SELECT last_dispatch FROM organizations WHERE sequence = ?1 UNION ALL \
         SELECT d.previous_in_organization FROM thread CROSS JOIN dispatches d ON d.sequence = thread.sequence) \
     SELECT sequence FROM thread)",
    "DELETE FROM dispatches WHERE sequence IN (WITH RECURSIVE thread (sequence) AS ( \
         SELECT last_dispatch FROM organizations WHERE sequence = ?1 UNION ALL \
         SELECT d.previous_in_organization FROM thread CROSS JOIN dispatches d ON d.sequence = thread.sequence) \
     SELECT sequence FROM thread)",
    "DELETE FROM events WHERE sequence IN (WITH RECURSIVE thread (sequence) AS ( \
         SELECT last_event FROM organizations WHERE sequence = ?1 UNION ALL \
         SELECT e.previous FROM thread CROSS JOIN events e ON e.sequence = thread.sequence) \
     SELECT sequence FROM thread)",
    "DELETE FROM thread_ends WHERE list = 1 AND owner IN (SELECT sequence FROM addresses WHERE organization = ?1)",
    "DELETE FROM thread_ends WHERE list = 2 AND owner IN (SELECT sequence FROM integrations WHERE organization = ?1)",
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
