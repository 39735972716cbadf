//! Short lists, oldest first, in pieces.

use integrations_core::{
    StoreError,
    store::{Page, Paged},
};
use sqlx::sqlite::SqliteRow;

use crate::{
    SqliteStore,
    columns::{Columns, Unreadable},
    session::Query,
    value::integer,
};

/// Runs a query that still lacks its last two parameters, the sequence number to go on behind and the number of rows,
/// and whose first column is the sequence number.
pub(crate) async fn piece<T>(
    store: &SqliteStore,
    query: Query<'_>,
    page: Page,
    read: impl Fn(&SqliteRow) -> Result<T, Unreadable>,
) -> Result<Paged<T>, StoreError> {
    let query = query.bind(integer(page.after.unwrap_or_default())).bind(i64::from(page.limit) + 1);
    let rows = store.read(query).await?;
    let numbered = |row: &SqliteRow| Ok((Columns::of(row).number()?, read(row)?));
    let rows = rows.iter().map(numbered).collect::<Result<Vec<_>, Unreadable>>()?;
    Ok(Paged::from_rows(rows, page.limit))
}
