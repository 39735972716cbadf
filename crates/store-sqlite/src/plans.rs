//! No statement on the way of an event, and none that an owner waits for, reads through a table that grows.

use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection};

use crate::{
    Durability, accounts, addresses, attempts, cancel, connection, dispatches, erase, history, integrations, lanes,
    ledger, migrate,
    record::{repeats, write},
    session::{Bulk, fill},
    states, subscriptions, sweeps, work,
    working::{self, places, threads},
};

/// What may be read from end to end, as plans name it: lists of values, threads, and results of subqueries, all no
/// longer than what was asked for.
const SHORT: [&str; 9] =
    ["(", "CONSTANT ROW", "thread", "held", "h", "due", "4-ROW VALUES CLAUSE", "values", "4 CONSTANT ROWS"];

/// What may be read from end to end though it is stored, since it holds what is under way and not what was, or, as the
/// start `l` of the log of threads, a single row.
const UNDER_WAY: [&str; 4] =
    ["l", "lanes", "d USING INDEX dispatches_held_for_the_day", "dispatches USING INDEX dispatches_open"];

/// What a statement reads from end to end.
async fn scans(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
    let rows = explain.fetch_all(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let steps = rows.iter().map(|row| row.get::<String, _>("detail"));
    let scans = steps.filter_map(|step| step.strip_prefix("SCAN ").map(str::to_owned));
    let scans =
        scans.filter(|scan| !SHORT.iter().any(|short| scan.starts_with(short)) && !UNDER_WAY.contains(&&**scan));
    scans.map(|scan| format!("{scan} in {sql}")).collect()
}

fn filled<const N: usize>(bulk: Bulk<N>) -> String {
    fill(bulk.0, N, 4)
}

fn in_bulk() -> Vec<String> {
    vec![
        filled(attempts::STORE),
        filled(cancel::FACTS),
        filled(dispatches::BY_SEQUENCE),
        filled(integrations::ADDRESS_COUNTS),
        filled(integrations::BY_SEQUENCE),
        filled(lanes::FIND),
        filled(lanes::STORE),
        filled(ledger::COUNTS),
        filled(ledger::LINES),
        filled(ledger::OPENED),
        filled(ledger::ORGANIZATIONS),
        filled(places::BY_ID),
        filled(places::BY_NAME),
        filled(repeats::FIND),
        filled(states::BEGUN),
        filled(states::COURSE),
        filled(states::DELIVERED),
        filled(states::TROUBLE),
        filled(states::WAITING),
        filled(subscriptions::OF_ADDRESSES),
        filled(write::ACCEPTED),
        filled(write::DEDUPLICATIONS),
        filled(write::EVENTS),
        filled(write::STARTED),
        filled(threads::ENDS),
        filled(threads::ORGANIZATIONS),
        filled(working::FACTS),
    ]
}

const ONE_BY_ONE: [&str; 30] = [
    accounts::LIST_KEYS,
    addresses::LIST,
    addresses::ONE,
    attempts::OF_DISPATCH,
    cancel::AT_ADDRESS,
    cancel::OF_INTEGRATION,
    dispatches::FACTS,
    dispatches::ONE,
    history::AT_ADDRESS,
    history::BEHIND,
    history::DELAYED,
    history::ENDED_BADLY,
    history::FRESH,
    history::IN_ORGANIZATION,
    history::OF_INTEGRATION,
    history::OPEN,
    history::SCOPE,
    integrations::COUNT,
    integrations::LIST,
    integrations::ONE,
    ledger::AHEAD,
    sweeps::ABANDONED,
    sweeps::HELD_BY_INTEGRATION,
    sweeps::HELD_FOR_THE_DAY,
    threads::DISPATCHES,
    threads::EVENTS,
    work::DUE,
    work::PRUNE_DEDUPLICATIONS,
    work::PRUNE_LANES,
    work::PRUNE_WINDOWS,
];

#[tokio::test]
async fn no_statement_reads_through_a_growing_table() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = connection::writing(&folder.path().join("plans.db"), Durability::Full).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    migrate::run(&mut connection).await.unwrap();

    let mut through = Vec::new();
    for sql in in_bulk().into_iter().chain(ONE_BY_ONE.map(str::to_owned)) {
        through.extend(scans(&mut connection, &sql).await);
    }
    // As they are run.
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
    for sql in erase::STATEMENTS {
        through.extend(scans(&mut connection, sql).await);
    }
    // Several new events could mend a dispatch that has none, so SQLite is ready to look for one; but it only looks
    // while there is such a dispatch (OP_FkIfZero), and there never is.
    through.retain(|scan| !scan.starts_with("dispatches in INSERT INTO events"));
    assert!(through.is_empty(), "{}", through.join("\n"));
}
