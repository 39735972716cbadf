//! Statements that are sent together.
//!
//! A connection has a thread of its own, and every statement is a journey there and back. So writes wait until something
//! is read, or the work is done, and then go as one text. Statements over many rows take them as a `VALUES` list, whose
//! parameters are bound one by one: as fast to read as a JSON array, and a third cheaper to write.

use std::{
    collections::HashMap,
    iter::repeat_n,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use futures_util::{FutureExt as _, TryStreamExt as _};
use sqlx::{
    Arguments as _, AssertSqlSafe, Row as _, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

use crate::{bell::Bell, value::Value};

/// A statement whose parameters are being bound.
pub(crate) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A statement over rows of `N` parameters. `{rows}` stands for the list, whose columns are `column1`, `column2` and so
/// on. Rows of `NULL` fill it up, so the statement must pass over them, as a join does by itself.
///
/// A statement that fails takes its transaction with it. So updates say `OR FAIL`: without it, SQLite copies each page that
/// they change, to be able to take back the statement alone (<https://sqlite.org/tempfiles.html>, section 2.5).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bulk<const N: usize>(pub(crate) &'static str);

/// The lengths of lists. There are few, so that each text is prepared once, and enough that little has to be filled up.
const LENGTHS: [usize; 11] = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128];
const LONGEST: usize = 128;

/// What ends a transaction well.
pub(crate) const COMMIT: &str = "COMMIT";

/// <https://sqlite.org/lang_corefunc.html#total_changes>
const CHANGED_ROWS: &str = "SELECT total_changes()";

/// Work on a connection.
pub(crate) struct Session<'c> {
    connection: &'c mut SqliteConnection,
    /// Rings at a commit, if it is to be listened to.
    bell: Option<&'c Bell>,
    queue: Vec<Queued>,
}

/// A statement that waits.
struct Queued {
    template: &'static str,
    /// How many parameters a row has; none if it has no rows.
    width: usize,
    values: Vec<Value>,
}

impl<'c> Session<'c> {
    pub(crate) fn over(connection: &'c mut SqliteConnection) -> Self {
        Self { connection, bell: None, queue: Vec::new() }
    }

    /// Sleeps while a commit is made, if there is a bell.
    pub(crate) fn listening(self, bell: Option<&'c Bell>) -> Self {
        Self { bell, ..self }
    }

    /// Adds a statement without parameters.
    pub(crate) fn run(&mut self, statement: &'static str) {
        self.run_with(statement, []);
    }

    /// Adds a statement with parameters, and without rows.
    pub(crate) fn run_with<const N: usize>(&mut self, statement: &'static str, values: [Value; N]) {
        self.queue.push(Queued { template: statement, width: 0, values: values.into() });
    }

    /// Adds a statement, unless there are no rows for it.
    pub(crate) fn write<const N: usize>(&mut self, statement: Bulk<N>, rows: impl IntoIterator<Item = [Value; N]>) {
        let rows = rows.into_iter();
        let (_, most) = rows.size_hint();
        let mut values = Vec::with_capacity(most.unwrap_or_default() * N);
        rows.for_each(|row| values.extend(row));
        if !values.is_empty() {
            self.queue.push(Queued { template: statement.0, width: N, values });
        }
    }

    /// Sends everything, with a statement that reads, and gives what that found.
    pub(crate) async fn read<const N: usize>(
        &mut self,
        statement: Bulk<N>,
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> sqlx::Result<Vec<SqliteRow>> {
        let waiting = self.queue.len();
        self.write(statement, rows);
        if self.queue.len() == waiting { Ok(Vec::new()) } else { self.send().await }
    }

    /// Sends what waits.
    pub(crate) async fn flush(&mut self) -> sqlx::Result<()> {
        self.send().await.map(drop)
    }

    /// Sends what waits, and tells how many rows this connection has ever changed, those that it took back among them.
    pub(crate) async fn changed_rows(&mut self) -> sqlx::Result<i64> {
        self.run(CHANGED_ROWS);
        self.send().await?.last().ok_or(sqlx::Error::RowNotFound)?.try_get(0)
    }

    /// Sends what waits, and gives the connection for any other statement.
    pub(crate) async fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.flush().await?;
        Ok(self.connection)
    }

    /// Sends what waits, and gives what it found.
    pub(crate) async fn send(&mut self) -> sqlx::Result<Vec<SqliteRow>> {
        let queue = std::mem::take(&mut self.queue);
        if queue.iter().all(|queued| queued.rows() <= LONGEST) {
            return self.send_together(queue).await;
        }
        let mut rows = Vec::new();
        for piece in queue.into_iter().flat_map(Queued::pieces) {
            rows.append(&mut self.send_together(vec![piece]).await?);
        }
        Ok(rows)
    }

    /// Sends statements as one text. Only the last one may read.
    async fn send_together(&mut self, statements: Vec<Queued>) -> sqlx::Result<Vec<SqliteRow>> {
        let longest = statements.iter().map(Queued::rows).max().unwrap_or_default();
        let bell = self.bell.filter(|_| statements.last().is_some_and(|last| last.template == COMMIT));
        let length = LENGTHS.into_iter().find(|length| *length >= longest).unwrap_or(LONGEST);
        let text = AssertSqlSafe(text(&statements, length));
        let mut rows = sqlx::query_with(text, arguments(statements, length)?).fetch(&mut *self.connection);
        let mut first = Vec::new();
        if let Some(bell) = bell {
            bell.silence();
            // The first look sends the text.
            match rows.try_next().now_or_never() {
                Some(row) => first.extend(row?),
                None => bell.rung().await,
            }
        }
        rows.try_fold(first, async |mut rows, row| {
            rows.push(row);
            Ok(rows)
        })
        .await
    }
}

/// The parameters of a text: each list filled up to its length.
fn arguments(statements: Vec<Queued>, length: usize) -> sqlx::Result<SqliteArguments> {
    let count = |queued: &Queued| queued.values.len().max(queued.width * length);
    let mut arguments = SqliteArguments::default();
    arguments.reserve(statements.iter().map(count).sum(), 0);
    for queued in statements {
        let missing = count(&queued) - queued.values.len();
        for value in queued.values.into_iter().chain(repeat_n(Value::Null, missing)) {
            value.add_to(&mut arguments)?;
        }
    }
    Ok(arguments)
}

impl Queued {
    fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or_default()
    }

    /// The same statement with as many rows as fit, as often as needed; without rows, the whole of it.
    fn pieces(self) -> impl Iterator<Item = Self> {
        let Self { template, width, values } = self;
        let most = if width == 0 { values.len() } else { width * LONGEST };
        let mut values = values.into_iter();
        let first = Some(values.by_ref().take(most).collect());
        let rest = std::iter::from_fn(move || {
            Some(values.by_ref().take(most).collect()).filter(|piece: &Vec<_>| !piece.is_empty())
        });
        first.into_iter().chain(rest).map(move |values| Self { template, width, values })
    }
}

type Texts = HashMap<(Vec<&'static str>, usize), Arc<String>>;

/// The texts that were made, by their statements and the length of their lists.
static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);

fn text(statements: &[Queued], length: usize) -> Arc<String> {
    let templates: Vec<_> = statements.iter().map(|queued| queued.template).collect();
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let text = texts.entry((templates, length)).or_insert_with(|| {
        let filled = statements.iter().map(|queued| fill(queued.template, queued.width, length));
        Arc::new(filled.collect::<Vec<_>>().join(";\n"))
    });
    Arc::clone(text)
}

/// The text of a statement with a list of that length.
pub(crate) fn fill(template: &str, width: usize, length: usize) -> String {
    let row = format!("({})", vec!["?"; width].join(","));
    template.replace("{rows}", &format!("VALUES {}", vec![row; length].join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lose_no_parameter() {
        let pieces = |width, count| {
            let values = (0..count).map(|number: i64| number.into()).collect::<Vec<_>>();
            let pieces: Vec<_> = Queued { template: "", width, values: values.clone() }.pieces().collect();
            assert_eq!(pieces.iter().flat_map(|piece| piece.values.clone()).collect::<Vec<_>>(), values);
            assert!(pieces.iter().all(|piece| piece.width == width && piece.rows() <= LONGEST));
            pieces.len()
        };
        assert_eq!([pieces(0, 0), pieces(0, 1), pieces(0, 500)], [1; 3]);
        assert_eq!([pieces(2, 256), pieces(2, 258), pieces(3, 1_500)], [1, 2, 4]);
    }
}
