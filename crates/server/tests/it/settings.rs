//! Every setting: what it accepts, what it becomes, and the line with which it refuses the rest.

use std::{collections::BTreeSet, path::Path, time::Duration};

use integrations_core::Settings;
use secrecy::ExposeSecret as _;
use server::config::{LogFormat, Queue, Role, entries};

use crate::config::{of, refusal};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "//////////////////////////////////////////w";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

const UNREADABLE_QUEUE: &str = "the URL of the queue cannot be read; it looks like `redis://user:password@host:6379/0`";
const UNKNOWN_QUEUE: &str = "is neither `embedded` nor a URL that begins with `redis://` or `rediss://`";

/// Name, value, and the refusal behind the name; the example stands at its end in every case.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "INTEGRATION_SECRET_ENCRYPTION_KEY",
        "password",
        "6 bytes long; a key is 32 random bytes in base64, as `integrations-server keygen` prints it",
    ),
    (
        "INTEGRATION_SECRET_ENCRYPTION_KEY",
        "no base64!",
        "not base64; a key is 32 random bytes in base64, as `integrations-server keygen` prints it",
    ),
    (
        "INTEGRATION_SECRET_PREVIOUS_KEYS",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=, no base64!",
        "key number 2: not base64; a key is 32 random bytes in base64, as `integrations-server keygen` prints it",
    ),
    ("INTEGRATION_ADMIN_TOKEN", "short-secret", "12 characters long; it must have from 32 to 1024"),
    (
        "INTEGRATION_ADMIN_TOKEN",
        "a secret with spaces in it, and long enough",
        "only letters, digits and signs of ASCII without spaces can be sent in a header",
    ),
    ("INTEGRATION_STORE", "postgres://me:hunter2@db/x", "does not begin with `sqlite://`, the only store there is"),
    ("INTEGRATION_STORE", "sqlite::memory:", "a store in memory would lose what was accepted; it must be a file"),
    ("INTEGRATION_STORE", "sqlite://:memory:", "a store in memory would lose what was accepted; it must be a file"),
    ("INTEGRATION_STORE", "sqlite://", "after `sqlite://` must stand the path of a file, without parameters"),
    ("INTEGRATION_STORE", "sqlite://data/", "after `sqlite://` must stand the path of a file, without parameters"),
    (
        "INTEGRATION_STORE",
        "sqlite://a.db?mode=rwc",
        "after `sqlite://` must stand the path of a file, without parameters",
    ),
    ("INTEGRATION_DISPATCH_QUEUE", "redis://me:hunter2@host:port", UNREADABLE_QUEUE),
    ("INTEGRATION_DISPATCH_QUEUE", "rediss://me:hunter2@host/database", UNREADABLE_QUEUE),
    ("INTEGRATION_DISPATCH_QUEUE", "redis://", UNREADABLE_QUEUE),
    ("INTEGRATION_DISPATCH_QUEUE", "amqp://me:hunter2@host", UNKNOWN_QUEUE),
    ("INTEGRATION_DISPATCH_QUEUE", "embedded://", UNKNOWN_QUEUE),
    ("INTEGRATION_DISPATCH_QUEUE", "hunter2", UNKNOWN_QUEUE),
    (
        "INTEGRATION_ROLE",
        "worker",
        "\"worker\" needs a queue that processes share; set INTEGRATION_DISPATCH_QUEUE to the URL of a Redis, or let \
         the role be `all`",
    ),
    (
        "INTEGRATION_ROLE",
        "api",
        "\"api\" needs a queue that processes share; set INTEGRATION_DISPATCH_QUEUE to the URL of a Redis, or let the \
         role be `all`",
    ),
    ("INTEGRATION_ROLE", "boss", "\"boss\" is none of `all`, `api` and `worker`"),
    ("INTEGRATION_HTTP_LISTEN", "localhost:8080", "\"localhost:8080\" is not an IP address and a port"),
    ("INTEGRATION_HTTP_LISTEN", "8080", "\"8080\" is not an IP address and a port"),
    (
        "INTEGRATION_EMAIL_DOMAINS",
        "example.org, bücher.example",
        "\"bücher.example\": the domain must be labels of a-z, 0-9 and - joined by dots, 253 characters at most",
    ),
    ("INTEGRATION_EMAIL_DOMAINS", ",", "names no domain"),
    ("INTEGRATION_DASHBOARD_BASE_URL", "example.org", "not a URL: relative URL without a base"),
    ("INTEGRATION_DASHBOARD_BASE_URL", "ftp://example.org", "must begin with `https://` or `http://`"),
    (
        "INTEGRATION_EGRESS_ALLOW",
        "10.0.0.0/8, chat.internal",
        "item 2 is neither a network, such as 10.20.0.0/16, nor a host with its port, such as chat.internal:8065",
    ),
    ("INTEGRATION_EGRESS_ALLOW", "10.20.0.1/16", "item 1 is a network with bits beyond its prefix"),
    ("INTEGRATION_TELEGRAM_API_BASE_URL", "https://me:hunter2@example.org", "must not hold a user name or a password"),
    (
        "INTEGRATION_TELEGRAM_API_BASE_URL",
        "https://example.org/?token=hunter2",
        "must end with the path, without `?` and `#`",
    ),
    ("INTEGRATION_TELEGRAM_PACING", "yes", "\"yes\" is neither `on` nor `off`"),
    ("MAX_INTEGRATIONS_PER_ORGANIZATION", "-1", "\"-1\" is not a whole number from 0 to 1000000"),
    (
        "MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY",
        "1.5",
        "\"1.5\" is not a whole number from 0 to 1000000000",
    ),
    ("INTEGRATION_WORKER_CONCURRENCY", "0", "\"0\" is not a whole number from 1 to 1024"),
    ("INTEGRATION_WORKER_CONCURRENCY", "1025", "\"1025\" is not a whole number from 1 to 1024"),
    ("INTEGRATION_WORKER_CONCURRENCY", "a\nb\u{1b}", "\"a\\nb\\u{1b}\" is not a whole number from 1 to 1024"),
    (
        "INTEGRATION_QUEUE_RETRY_WINDOW_SECONDS",
        "0",
        "0 would leave no room for a second attempt; it must be from 1 to 31622400",
    ),
    (
        "INTEGRATION_QUEUE_RETRY_WINDOW_SECONDS",
        "99999999999999999999",
        "\"99999999999999999999\" is not a whole number from 0 to 31622400",
    ),
    (
        "INTEGRATION_QUEUE_BASE_DELAY_SECONDS",
        "0",
        "0 would repeat attempts without a pause; it must be from 1 to 86400",
    ),
    ("INTEGRATION_QUEUE_MAX_DELAY_SECONDS", "1h", "\"1h\" is not a whole number from 0 to 604800"),
    ("INTEGRATION_QUEUE_JITTER_SECONDS", "86401", "\"86401\" is not a whole number from 0 to 86400"),
    ("INTEGRATION_MAX_HOLD_SECONDS", "0", "0 would end every dispatch that has to wait; it must be from 1 to 31622400"),
    ("INTEGRATION_LOG", "verbose", "\"verbose\" is neither a level nor `part=level`"),
    ("INTEGRATION_LOG", "info,sqlx=", "\"sqlx=\" is neither a level nor `part=level`"),
    ("INTEGRATION_LOG", "=debug", "\"=debug\" is neither a level nor `part=level`"),
    ("INTEGRATION_LOG_FORMAT", "yaml", "\"yaml\" is neither `text` nor `json`"),
];

#[test]
fn a_bad_value_is_refused_in_one_line_with_an_example() {
    for (name, value, fault) in REFUSED {
        let entry = entries().find(|entry| entry.name == *name).unwrap();
        assert_eq!(refusal(&[(name, value)]), format!("{name}: {fault}; example: {name}={}", entry.example));
    }
}

#[test]
fn every_setting_that_can_be_bad_is_in_the_table_above() {
    let tested: BTreeSet<_> = REFUSED.iter().map(|(name, ..)| *name).collect();
    let untested: Vec<_> = entries().map(|entry| entry.name).filter(|name| !tested.contains(name)).collect();
    assert_eq!(untested, ["TELEGRAM_BOT_TOKEN"]);
}

#[test]
fn what_may_hold_a_password_is_never_shown() {
    for (name, value, _) in REFUSED.iter().filter(|(_, value, _)| value.contains("hunter2")) {
        assert!(!refusal(&[(name, value)]).contains("hunter2"), "{name}");
    }
    let config = of(&[("INTEGRATION_ADMIN_TOKEN", TOKEN), ("INTEGRATION_SECRET_ENCRYPTION_KEY", KEY)]).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains(TOKEN) && !shown.contains(KEY), "{shown}");
}

#[test]
fn every_example_that_is_no_shell_text_is_a_good_value() {
    for entry in entries().filter(|entry| !entry.example.contains('$')) {
        of(&[(entry.name, entry.example)]).unwrap();
    }
}

#[test]
fn without_settings_the_defaults_count() {
    let config = of(&[]).unwrap();
    assert!(config.keys.current.is_none() && config.keys.previous.is_empty() && config.http.admin_token.is_none());
    assert_eq!(config.store, Path::new("data/integrations.db"));
    assert!(matches!(config.queue, Queue::Embedded));
    assert_eq!(config.role, Role::All);
    assert_eq!(config.http.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.telegram.api_base_url.as_str(), "https://api.telegram.org/");
    assert_eq!(config.worker().concurrency, 64);
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.warnings, [""; 0]);
    same(&config.settings(), &Settings::default());
}

/// `Settings` has no equality.
fn same(left: &Settings, right: &Settings) {
    assert_eq!(format!("{left:?}"), format!("{right:?}"));
}

#[test]
fn every_setting_reaches_its_place() {
    let config = of(&[
        ("INTEGRATION_SECRET_ENCRYPTION_KEY", KEY),
        ("INTEGRATION_SECRET_PREVIOUS_KEYS", &format!("{OTHER_KEY}, {KEY},")),
        ("INTEGRATION_ADMIN_TOKEN", TOKEN),
        ("INTEGRATION_STORE", "sqlite:///var/lib/x.db"),
        ("INTEGRATION_HTTP_LISTEN", "[::1]:9"),
        ("INTEGRATION_EMAIL_DOMAINS", " Mail.Example.org ,example.org,EXAMPLE.ORG"),
        ("INTEGRATION_DASHBOARD_BASE_URL", "https://dash.example.org/x"),
        ("INTEGRATION_TELEGRAM_API_BASE_URL", "http://127.0.0.1:8081"),
        ("INTEGRATION_TELEGRAM_PACING", "off"),
        ("TELEGRAM_BOT_TOKEN", "123:abc"),
        ("MAX_INTEGRATIONS_PER_ORGANIZATION", "0"),
        ("MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY", "7"),
        ("INTEGRATION_WORKER_CONCURRENCY", " 1024\n"),
        ("INTEGRATION_QUEUE_RETRY_WINDOW_SECONDS", "60"),
        ("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", "5"),
        ("INTEGRATION_QUEUE_MAX_DELAY_SECONDS", "9"),
        ("INTEGRATION_QUEUE_JITTER_SECONDS", "0"),
        ("INTEGRATION_MAX_HOLD_SECONDS", "1"),
        ("INTEGRATION_LOG_FORMAT", "json"),
    ])
    .unwrap();
    let key = cipher_ring::Key::from_base64(KEY).unwrap();
    assert_eq!(config.keys.current.as_ref().unwrap().id(), key.id());
    assert_eq!(config.keys.previous.len(), 2);
    assert_eq!(config.keys.previous[1].id(), key.id());
    assert_eq!(config.http.admin_token.as_ref().unwrap().expose_secret(), TOKEN);
    assert_eq!(config.store, Path::new("/var/lib/x.db"));
    assert_eq!(config.http.listen, "[::1]:9".parse().unwrap());
    assert_eq!(config.telegram.api_base_url.as_str(), "http://127.0.0.1:8081/");
    assert_eq!(config.telegram.demo_bot_token.as_ref().unwrap().expose_secret(), "123:abc");
    assert_eq!(config.worker().concurrency, 1024);
    assert_eq!(config.log.format, LogFormat::Json);
    let settings = config.settings();
    assert_eq!(settings.email_domains, ["mail.example.org", "example.org"]);
    assert_eq!(settings.dashboard.unwrap().as_str(), "https://dash.example.org/x");
    assert_eq!((settings.max_integrations, settings.policy.daily_limit), (0, 7));
    assert!(settings.policy.unpaced.contains("telegram"));
    assert_eq!(settings.policy.max_hold, Duration::from_secs(1));
    let retry = settings.policy.retry;
    let seconds = [retry.window, retry.base, retry.max, retry.jitter].map(|duration| duration.as_secs());
    assert_eq!(seconds, [60, 5, 9, 0]);
}

#[test]
fn a_role_goes_with_a_queue_that_is_shared() {
    for url in
        ["redis://me:hunter2@host", "rediss://me:hunter2@host:6380/1", "redis+unix:///run/redis.sock?pass=hunter2"]
    {
        for (name, role) in [("all", Role::All), ("api", Role::Api), ("worker", Role::Worker)] {
            let config = of(&[("INTEGRATION_DISPATCH_QUEUE", url), ("INTEGRATION_ROLE", name)]).unwrap();
            assert!(matches!(&config.queue, Queue::Redis(read) if read.expose_secret() == url));
            assert_eq!(config.role, role);
            assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
        }
    }
}

#[test]
fn the_greatest_delay_is_raised_to_the_base() {
    let config =
        of(&[("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", "90"), ("INTEGRATION_QUEUE_MAX_DELAY_SECONDS", "0")]).unwrap();
    assert_eq!(config.retry.max, Duration::from_secs(90));
}

#[test]
fn the_log_filter_takes_levels_and_parts() {
    let filter = |text| of(&[("INTEGRATION_LOG", text)]).unwrap().log.filter;
    assert_eq!(filter("info"), of(&[]).unwrap().log.filter);
    assert_ne!(filter("debug"), filter("info"));
    assert_eq!(filter("debug,sqlx=info"), filter("sqlx=info , DEBUG"));
}
