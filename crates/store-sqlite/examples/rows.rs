//! What SQLite alone can do here: rows a second in commits of a hundred, with `synchronous=FULL`. Prints the number.
//!
//! `cargo run --release -p store-sqlite --example rows`
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement by hand"
)]

use std::time::Instant;

use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

const COMMITS: usize = 200;
const ROWS: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new().filename(folder.path().join("rows.db")).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE rows (id INTEGER PRIMARY KEY, inbox INTEGER, state INTEGER, payload TEXT) STRICT")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("CREATE INDEX rows_of_inbox ON rows (inbox)").execute(&mut connection).await.unwrap();
    let values = vec!["(?, 0, ?)"; ROWS].join(", ");
    let insert = format!("INSERT INTO rows (inbox, state, payload) VALUES {values}");
    let payload = "x".repeat(300);
    let start = Instant::now();
    for number in 0..COMMITS {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
        for row in 0..ROWS {
            query = query.bind(i64::try_from((number * ROWS + row) % 1000).unwrap()).bind(payload.as_str());
        }
        query.execute(&mut connection).await.unwrap();
    }
    println!("{:.0}", (COMMITS * ROWS) as f64 / start.elapsed().as_secs_f64());
    connection.close().await.unwrap();
}
