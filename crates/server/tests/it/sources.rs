//! Where settings come from: environment over file, secrets in files of their own, and names that nobody knows.

use std::{fs, path::PathBuf};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::config::{of, with_file};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const OTHER_TOKEN: &str = "fedcba9876543210fedcba9876543210";

/// A folder with files in it.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// The refusal of a file with that text, its path shortened.
fn refusal(text: &str) -> String {
    let files = Files::new();
    let path = files.write("server.toml", text);
    let line = with_file(&[], Some(&path)).unwrap_err().to_string();
    line.replace(path.to_str().unwrap(), "server.toml")
}

#[test]
fn the_environment_wins_over_the_file() {
    let files = Files::new();
    let path = files.write(
        "server.toml",
        "integration_queue_jitter_seconds = 3\nmax_integrations_per_organization = \"9\"\n\
         integration_email_domains = [\"a.example\", \"B.example\"]\nintegration_log_format = \"json\"\n",
    );
    let config = with_file(
        &[("MAX_INTEGRATIONS_PER_ORGANIZATION", "5"), ("INTEGRATION_QUEUE_JITTER_SECONDS", " ")],
        Some(&path),
    )
    .unwrap();
    assert_eq!(config.limits.integrations, 5);
    assert_eq!(config.retry.jitter.as_secs(), 3, "an empty variable counts as not set");
    assert_eq!(config.email_domains, ["a.example", "b.example"]);
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let files = Files::new();
    let token = files.write("token", &format!("{TOKEN}\r\n"));
    let token = token.to_str().unwrap();
    let shown = |config: server::config::Config| config.http.admin_token.unwrap().expose_secret().to_owned();
    assert_eq!(shown(of(&[("INTEGRATION_ADMIN_TOKEN_FILE", token)]).unwrap()), TOKEN);

    let path = files.write("server.toml", &format!("integration_admin_token_file = {token:?}"));
    assert_eq!(shown(with_file(&[], Some(&path)).unwrap()), TOKEN);
    let environment = [("INTEGRATION_ADMIN_TOKEN", OTHER_TOKEN)];
    assert_eq!(shown(with_file(&environment, Some(&path)).unwrap()), OTHER_TOKEN, "the environment wins");
}

#[test]
fn a_secret_is_set_in_one_way_only() {
    let both = of(&[("INTEGRATION_ADMIN_TOKEN", TOKEN), ("INTEGRATION_ADMIN_TOKEN_FILE", "/run/secrets/token")]);
    assert_eq!(
        both.unwrap_err().to_string(),
        "INTEGRATION_ADMIN_TOKEN: set together with INTEGRATION_ADMIN_TOKEN_FILE; set one of them; \
         example: INTEGRATION_ADMIN_TOKEN=\"$(integrations-server keygen)\""
    );
}

#[test]
fn a_secret_file_that_is_bad_is_named() {
    let files = Files::new();
    let gone = files.0.path().join("gone");
    let error = of(&[("INTEGRATION_ADMIN_TOKEN_FILE", gone.to_str().unwrap())]).unwrap_err().to_string();
    assert!(error.starts_with("INTEGRATION_ADMIN_TOKEN_FILE: cannot read the file \"/"), "{error}");

    let short = files.write("short", "hush");
    let error = of(&[("INTEGRATION_ADMIN_TOKEN_FILE", short.to_str().unwrap())]).unwrap_err().to_string();
    assert!(error.starts_with("INTEGRATION_ADMIN_TOKEN_FILE: 4 characters long"), "{error}");
    let empty = files.write("empty", "\n");
    let error = of(&[("INTEGRATION_ADMIN_TOKEN_FILE", empty.to_str().unwrap())]).unwrap_err().to_string();
    assert!(error.starts_with("INTEGRATION_ADMIN_TOKEN_FILE: 0 characters long"), "{error}");
}

#[test]
fn only_secrets_may_stand_in_files_of_their_own() {
    let config = of(&[("INTEGRATION_HTTP_LISTEN_FILE", "/nowhere")]).unwrap();
    assert_eq!(
        config.warnings,
        [
            "\"INTEGRATION_HTTP_LISTEN_FILE\" is not a setting and is ignored; the most similar one is INTEGRATION_HTTP_LISTEN"
        ]
    );
}

#[test]
fn an_unknown_variable_is_warned_about() {
    let config = of(&[
        ("INTEGRATION_QEUE_JITTER_SECONDS", "secret?"),
        ("MAX_INTEGRATION_PER_ORGANIZATION", "1"),
        ("INTEGRATION_METRICS_LISTEN", "127.0.0.1:9"),
        ("PATH", "/bin"),
    ]);
    let warnings = config.unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "\"INTEGRATION_METRICS_LISTEN\" is not a setting and is ignored; the most similar one is INTEGRATION_HTTP_LISTEN",
            "\"INTEGRATION_QEUE_JITTER_SECONDS\" is not a setting and is ignored; \
             the most similar one is INTEGRATION_QUEUE_JITTER_SECONDS",
            "\"MAX_INTEGRATION_PER_ORGANIZATION\" is not a setting and is ignored; \
             the most similar one is MAX_INTEGRATIONS_PER_ORGANIZATION",
        ]
    );
}

#[test]
fn an_unknown_name_in_the_file_is_refused() {
    assert_eq!(
        refusal("integration_qeue_jitter_seconds = 1"),
        "\"integration_qeue_jitter_seconds\" in server.toml: not a setting; \
         example: integration_queue_jitter_seconds = \"10\""
    );
    assert_eq!(
        refusal("INTEGRATION_LOG = 'info'"),
        "\"INTEGRATION_LOG\" in server.toml: not a setting; example: integration_log = \"info,store_sqlite=debug\""
    );
    assert_eq!(
        refusal("[integration]\nlog = 'info'"),
        "\"integration\" in server.toml: not a setting; example: integration_log = \"info,store_sqlite=debug\""
    );
}

#[test]
fn a_bad_value_in_the_file_is_named_as_it_stands_there() {
    assert_eq!(
        refusal("integration_worker_concurrency = 0"),
        "integration_worker_concurrency in server.toml: \"0\" is not a whole number from 1 to 1024; \
         example: integration_worker_concurrency = \"64\""
    );
    assert_eq!(
        refusal("integration_worker_concurrency = 1.5"),
        "integration_worker_concurrency in server.toml: must be a text, a whole number or a list of texts; \
         example: integration_worker_concurrency = \"64\""
    );
    assert_eq!(
        refusal("integration_admin_token = 'hush'"),
        "integration_admin_token in server.toml: 4 characters long; it must have from 32 to 1024; \
         example: integration_admin_token_file = \"/run/secrets/integration_admin_token\""
    );
}

#[test]
fn a_file_that_is_not_toml_is_named_with_the_line() {
    assert_eq!(
        refusal("integration_log = 'info'\nintegration_admin_token = hunter2\n"),
        "--config server.toml: line 2 is not TOML; example: a line integration_http_listen = \"0.0.0.0:8080\""
    );
    let gone = with_file(&[], Some("/nowhere/server.toml".as_ref())).unwrap_err().to_string();
    assert!(gone.starts_with("--config /nowhere/server.toml: cannot be read: "), "{gone}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_text_is_refused() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

    let environment = [("INTEGRATION_LOG".into(), OsString::from_vec(vec![0xff]))];
    let error = server::config::Sources::new(environment, None).unwrap_err().to_string();
    assert_eq!(error, "INTEGRATION_LOG: not UTF-8 text; example: INTEGRATION_LOG=info,store_sqlite=debug");
}
