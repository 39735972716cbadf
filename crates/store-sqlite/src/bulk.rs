//! Statements over many rows at once.
//!
//! The rows stand in a `VALUES` list, whose parameters are bound one by one: as fast to read as a JSON array, and a
//! third cheaper to write. A list comes in a few lengths only, so that each text is prepared once; what is left over is
//! `NULL`, which statements must pass over (a join does by itself).

use std::sync::{Arc, OnceLock};

use sqlx::{
    AssertSqlSafe, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

/// A statement whose parameters are being bound.
pub(crate) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The lengths of lists.
const LENGTHS: [usize; 4] = [1, 4, 16, 64];

/// A statement with `{rows}` where the list of rows belongs. Its columns are `column1`, `column2` and so on.
pub(crate) struct Bulk {
    template: &'static str,
    columns: usize,
    texts: [OnceLock<Arc<String>>; LENGTHS.len()],
}

impl Bulk {
    pub(crate) const fn new(columns: usize, template: &'static str) -> Self {
        Self { template, columns, texts: [const { OnceLock::new() }; LENGTHS.len()] }
    }

    /// Runs it for all items.
    pub(crate) async fn execute<T>(
        &self,
        connection: &mut SqliteConnection,
        items: &[T],
        bind: impl for<'q> Fn(Query<'q>, &T) -> Query<'q>,
    ) -> sqlx::Result<()> {
        for (items, text) in self.pieces(items) {
            let query = items.iter().fold(sqlx::query(AssertSqlSafe(text)), &bind);
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Runs it for all items and gives the rows that come of it.
    pub(crate) async fn fetch<T>(
        &self,
        connection: &mut SqliteConnection,
        items: &[T],
        bind: impl for<'q> Fn(Query<'q>, &T) -> Query<'q>,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        let mut rows = Vec::new();
        for (items, text) in self.pieces(items) {
            let query = items.iter().fold(sqlx::query(AssertSqlSafe(text)), &bind);
            rows.append(&mut query.fetch_all(&mut *connection).await?);
        }
        Ok(rows)
    }

    /// The items in pieces, each with the statement for it.
    fn pieces<'i, T>(&self, items: &'i [T]) -> impl Iterator<Item = (&'i [T], Arc<String>)> {
        let longest = LENGTHS.iter().copied().max().unwrap_or(1);
        items.chunks(longest).filter_map(|piece| {
            let fitting = LENGTHS.iter().zip(&self.texts).find(|(length, _)| **length >= piece.len());
            let (length, text) = fitting?;
            Some((piece, Arc::clone(text.get_or_init(|| self.text(*length)))))
        })
    }

    fn text(&self, length: usize) -> Arc<String> {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        Arc::new(self.template.replace("{rows}", &format!("VALUES {}", vec![row; length].join(","))))
    }

    /// The statement for one row, to look at its plan.
    #[cfg(test)]
    pub(crate) fn sample(&self) -> Arc<String> {
        self.text(16)
    }
}
