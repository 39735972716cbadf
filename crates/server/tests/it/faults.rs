//! The real program, broken from outside: killed, stopped, and misled by the service. The crate `verify` compares what a
//! client saw accepted with what the receiver got.

use verify::{Options, Queue, Report, Server, clock_steps, kill, pacing, powercut, provider_faults, redis_loss, stop};

const BINARY: &str = env!("CARGO_BIN_EXE_integrations-server");

/// Keeps a copy of the store as it is at the second start, and puts it back at every later one.
const FORGETFUL: &str = r#"
PATH=/bin:/usr/bin
store="${INTEGRATION_STORE#sqlite://}"
if [ -e "$store.backup" ]; then
    rm -f "$store" "$store-wal" "$store-shm"
    cp "$store.backup" "$store"
    [ -e "$store.backup-wal" ] && cp "$store.backup-wal" "$store-wal"
elif [ -e "$store" ]; then
    [ -e "$store-wal" ] && cp "$store-wal" "$store.backup-wal"
    cp "$store" "$store.backup"
fi
"#;

#[track_caller]
fn assert_sound(report: &Report) {
    assert!(report.faults.is_empty(), "{report}");
    assert_eq!((report.lost, report.unexplained), (0, 0), "{report}");
    assert!(report.accepted > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn promise_01_accepted_means_durable() {
    let report = kill::run(&Server::new(BINARY), Queue::Embedded, Options { seed: 1, rounds: 200 }).await.unwrap();
    assert_sound(&report);
    assert_eq!(report.kills, 200);
    assert!(report.explained > 0, "no kill met an open attempt: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgets_is_found_out() {
    let lines = format!("{FORGETFUL}\nexec '{BINARY}' \"$0\"");
    let forgetful = Server::new("/bin/sh").argument("-c").argument(lines);
    let report = kill::run(&forgetful, Queue::Embedded, Options { seed: 2, rounds: 8 }).await.unwrap();
    // Whether messages were lost too depends on how fast they had gone out; that events are gone must be noticed.
    assert!(report.faults.iter().any(|fault| fault.contains("was accepted as")), "{report}");
    std::fs::remove_dir_all(report.kept.unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn promise_10_repeats_come_from_lost_answers_only() {
    let report = stop::run(&Server::new(BINARY), Queue::Embedded, 3).await.unwrap();
    assert_sound(&report);
    assert_eq!(report.repeated, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_loses_nothing_that_was_accepted() {
    let options = Options { seed: 5, rounds: 30 };
    assert_sound(&powercut::run(&Server::new(BINARY), options).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_is_felt_by_a_server_that_does_not_sync() {
    let options = Options { seed: 6, rounds: 5 };
    let report = powercut::control(&Server::new(BINARY), options).await.unwrap();
    assert!(report.faults.is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_the_clock_have_no_effect() {
    assert_sound(&clock_steps::run(&Server::new(BINARY), Options { seed: 7, rounds: 20 }).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_comes_in_order_and_nothing_is_refused() {
    assert_sound(&pacing::run(&Server::new(BINARY), 8).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_redis_a_kill_loses_nothing_either() {
    let report = kill::run(&Server::new(BINARY), Queue::Redis, Options { seed: 3, rounds: 20 }).await.unwrap();
    assert_sound(&report);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_redis_a_stop_repeats_nothing_either() {
    let report = stop::run(&Server::new(BINARY), Queue::Redis, 1).await.unwrap();
    assert_sound(&report);
    assert_eq!(report.repeated, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_loss_of_redis_nor_that_of_a_worker_loses_anything() {
    let report = redis_loss::run(&Server::new(BINARY), Options { seed: 4, rounds: 5 }).await.unwrap();
    assert_sound(&report);
    assert_eq!(report.kills, 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_service_is_read_as_the_table_says() {
    assert_sound(&provider_faults::run(&Server::new(BINARY)).await.unwrap());
}
