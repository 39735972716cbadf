//! `migrate` and `doctor` with a store in a temporary folder.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::Output,
    sync::Arc,
};

use cipher_ring::{Key, RingCipher};
use integrations::SystemEntropy;
use integrations_core::{SealContext, SecretCipher as _, store::CanaryStore as _};
use store_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;

use crate::program::{run, stderr, stdout};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "//////////////////////////////////////////w=";

/// A folder for a store, and the settings that lead there.
struct Installation(TempDir);

impl Installation {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data/x.db")
    }

    async fn open(&self, options: OpenOptions) -> SqliteStore {
        SqliteStore::open(self.path(), options).await.unwrap()
    }

    /// Exit code and standard output, without what stands before the name of the file.
    fn run(&self, args: &[&str], more: &[(&str, &str)]) -> (Option<i32>, String) {
        let output = self.start(args, more);
        assert_eq!(stderr(&output), "");
        (output.status.code(), stdout(&output).replace(self.0.path().to_str().unwrap(), ""))
    }

    /// Runs the program with good settings, but for those that are given.
    fn start(&self, args: &[&str], more: &[(&str, &str)]) -> Output {
        let store = format!("sqlite://{}", self.path().display());
        let mut environment = vec![
            ("INTEGRATION_STORE", store.as_str()),
            ("INTEGRATION_SECRET_ENCRYPTION_KEY", KEY),
            ("INTEGRATION_ADMIN_TOKEN", "0123456789abcdef0123456789abcdef"),
            ("INTEGRATION_HTTP_LISTEN", "127.0.0.1:0"),
        ];
        environment.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        environment.extend(more);
        run(args, &environment)
    }
}

const BEFORE_THE_STORE: &str = "\
ok    configuration  every value can be used
ok    key            16ec15a2, and 0 that only open
ok    admin token    set
ok    queue          embedded: rebuilt from the store at every start
ok    http           127.0.0.1:0 is free
";

#[test]
fn migrate_makes_the_store_and_tells_when_nothing_is_left_to_do() {
    let installation = Installation::new();
    assert_eq!(installation.run(&["migrate"], &[]), (Some(0), "/data/x.db was made\n".to_owned()));
    assert_eq!(installation.run(&["migrate"], &[]), (Some(0), "/data/x.db is up to date\n".to_owned()));
}

#[test]
fn an_older_schema_is_brought_up_to_date_while_no_server_runs() {
    let installation = Installation::new();
    fs::create_dir(installation.path().parent().unwrap()).unwrap();
    // An empty file is a database without any schema.
    fs::write(installation.path(), "").unwrap();
    let (code, text) = installation.run(&["doctor"], &[]);
    assert_eq!(code, Some(0));
    let steps = text.lines().last().unwrap();
    assert!(steps.starts_with("warn  store          the schema lacks "), "{text}");

    let lock = File::create(installation.0.path().join("data/x.db.lock")).unwrap();
    lock.lock().unwrap();
    let output = installation.start(&["migrate"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("error: another server works on "), "{}", stderr(&output));
    drop(lock);

    let (code, text) = installation.run(&["migrate"], &[]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("/data/x.db was brought up to date\n  0001 "), "{text}");
    assert_eq!(installation.run(&["migrate"], &[]), (Some(0), "/data/x.db is up to date\n".to_owned()));
}

#[test]
fn doctor_finds_nothing_wrong_before_the_first_start() {
    let (code, text) = Installation::new().run(&["doctor"], &[]);
    let store = "warn  store          /data/x.db is not there yet; `serve` and `migrate` make it, or correct \
                 INTEGRATION_STORE\n";
    assert_eq!((code, text), (Some(0), format!("{BEFORE_THE_STORE}{store}")));
}

#[tokio::test]
async fn doctor_and_migrate_work_beside_a_running_server() {
    let installation = Installation::new();
    let server = installation.open(OpenOptions::default().exclusive(true)).await;
    let cipher = RingCipher::new(Key::from_base64(KEY).unwrap(), [], Arc::new(SystemEntropy));
    let canary = cipher.seal(SealContext::Canary, &b"canary".to_vec().into()).unwrap();
    server.ensure_canary(&canary).await.unwrap();

    let store = "\
ok    store          /data/x.db is sound
ok    store          the schema is up to date
ok    key            opens what is stored
";
    assert_eq!(installation.run(&["doctor"], &[]), (Some(0), format!("{BEFORE_THE_STORE}{store}")));
    assert_eq!(installation.run(&["migrate"], &[]), (Some(0), "/data/x.db is up to date\n".to_owned()));

    let (code, text) = installation.run(&["doctor"], &[("INTEGRATION_SECRET_ENCRYPTION_KEY", OTHER_KEY)]);
    assert_eq!(code, Some(1));
    assert!(text.contains("\nFAIL  key            sealed under the key 16ec15a2, which is not configured"), "{text}");
    server.close().await;
}

#[test]
fn doctor_names_what_serve_would_miss() {
    let settings = [("INTEGRATION_SECRET_ENCRYPTION_KEY", ""), ("INTEGRATION_ADMIN_TOKEN", "")];
    let (code, text) = Installation::new().run(&["doctor"], &settings);
    assert_eq!(code, Some(1));
    let failed: Vec<_> = text.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert_eq!(failed.len(), 2, "{text}");
    assert!(failed[0].starts_with("FAIL  key            INTEGRATION_SECRET_ENCRYPTION_KEY: not set"), "{text}");
    assert!(failed[1].starts_with("FAIL  admin token    INTEGRATION_ADMIN_TOKEN: not set"), "{text}");
}

#[test]
fn doctor_tells_a_bad_value_and_an_unknown_name() {
    let (code, text) = Installation::new().run(&["doctor"], &[("INTEGRATION_LOG", "loud")]);
    assert_eq!(code, Some(1));
    assert!(text.starts_with("FAIL  configuration  INTEGRATION_LOG: \"loud\" is neither"), "{text}");
    let (code, text) = Installation::new().run(&["doctor"], &[("INTEGRATION_LOGS", "info")]);
    assert_eq!(code, Some(0));
    assert!(text.contains("\nwarn  configuration  \"INTEGRATION_LOGS\" is not a setting"), "{text}");
}

#[test]
fn doctor_tells_all_bad_values_at_once() {
    let settings = [
        ("INTEGRATION_LOG", "loud"),
        ("INTEGRATION_LOGS", "info"),
        ("INTEGRATION_ROLE", "worker"),
        ("INTEGRATION_TELEGRAM_PACING", "yes"),
    ];
    let (code, text) = Installation::new().run(&["doctor"], &settings);
    assert_eq!(code, Some(1));
    let lines: Vec<_> = text.lines().map(|line| line.split(": ").next().unwrap()).collect();
    let found = ["INTEGRATION_TELEGRAM_PACING", "INTEGRATION_LOG", "INTEGRATION_ROLE"];
    assert_eq!(lines[..3], found.map(|name| format!("FAIL  configuration  {name}")), "{text}");
    assert!(lines[3].starts_with("warn  configuration  \"INTEGRATION_LOGS\" is not a setting"), "{text}");
    assert_eq!(lines.len(), 4, "{text}");
}

#[test]
fn doctor_finds_a_file_that_is_no_database_and_an_address_in_use() {
    let installation = Installation::new();
    fs::create_dir(installation.path().parent().unwrap()).unwrap();
    fs::write(installation.path(), "no database ".repeat(1000)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Whoever asks is turned away at once.
    let address = listener.local_addr().unwrap().to_string();
    let turn_away = std::thread::spawn(move || drop(listener.accept()));
    let (code, text) = installation.run(&["doctor"], &[("INTEGRATION_HTTP_LISTEN", &address)]);
    turn_away.join().unwrap();
    assert_eq!(code, Some(1));
    assert!(text.contains(&format!("\nFAIL  http           {address} is in use, and not by this server; ")), "{text}");
    assert!(text.contains("\nFAIL  store          /data/x.db: "), "{text}");
}

#[test]
fn doctor_asks_services_only_when_told_to() {
    let installation = Installation::new();
    installation.run(&["migrate"], &[]);
    let nowhere = [("INTEGRATION_TELEGRAM_API_BASE_URL", "http://127.0.0.1:1")];
    let (code, text) = installation.run(&["doctor"], &nowhere);
    assert!(code == Some(0) && !text.contains("telegram"), "{text}");
    let (code, text) = installation.run(&["doctor", "--live"], &nowhere);
    assert_eq!(code, Some(1));
    assert!(text.contains("\nFAIL  telegram       http://127.0.0.1:1/: could not connect"), "{text}");
    assert!(text.ends_with("\nok    integration    there is none\n"), "{text}");
}
