//! The table of all settings: reading, error messages and the reference come from it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use cipher_ring::Key;
use http_reqwest::AllowList;
use provider_telegram::Telegram;
use secrecy::SecretString;
use url::Url;

use super::{
    LogFormat, Queue, Role, parse,
    setting::{AnySetting, Entry, Setting},
};
use crate::telemetry::LogFilter;

/// A day, a week and a year in seconds: the greatest values of what is counted in seconds.
const DAY: u32 = 86_400;
const WEEK: u32 = 7 * DAY;
const YEAR: u32 = 366 * DAY;

/// A part of the reference.
pub(super) struct Section {
    /// Its heading.
    pub(super) title: &'static str,
    /// Its rows.
    pub(super) settings: &'static [&'static dyn AnySetting],
}

/// Everything that can be set, in the order of the reference.
pub(super) static SECTIONS: &[Section] = &[
    Section { title: "Secrets", settings: &[&SECRET_ENCRYPTION_KEY, &SECRET_PREVIOUS_KEYS, &ADMIN_TOKEN] },
    Section { title: "Store and queue", settings: &[&STORE, &DISPATCH_QUEUE, &ROLE] },
    Section { title: "Mail and HTTP", settings: &[&HTTP_LISTEN, &EMAIL_DOMAINS, &DASHBOARD_BASE_URL, &EGRESS_ALLOW] },
    Section { title: "Telegram", settings: &[&TELEGRAM_API_BASE_URL, &TELEGRAM_PACING, &TELEGRAM_BOT_TOKEN] },
    Section { title: "Limits", settings: &[&MAX_INTEGRATIONS, &MAX_DISPATCHES_PER_DAY] },
    Section {
        title: "Delivery",
        settings: &[&WORKER_CONCURRENCY, &RETRY_WINDOW, &BASE_DELAY, &MAX_DELAY, &JITTER, &MAX_HOLD],
    },
    Section { title: "Log", settings: &[&LOG, &LOG_FORMAT] },
];

/// Everything that can be set.
pub(super) fn settings() -> impl Iterator<Item = &'static dyn AnySetting> {
    SECTIONS.iter().flat_map(|section| section.settings.iter().copied())
}

/// Every row of every section.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    settings().map(AnySetting::entry)
}

pub(crate) static SECRET_ENCRYPTION_KEY: Setting<Key> = Setting {
    entry: Entry {
        name: "INTEGRATION_SECRET_ENCRYPTION_KEY",
        default: None,
        example: "\"$(integrations-server keygen)\"",
        about: "The key under which credentials are stored: 32 bytes in base64, as `integrations-server keygen` \
                prints them. Keep it: without it the stored credentials cannot be read. `serve` does not start \
                without it.",
        secret: true,
    },
    parse: parse::key,
};

pub(crate) static SECRET_PREVIOUS_KEYS: Setting<Vec<Key>> = Setting {
    entry: Entry {
        name: "INTEGRATION_SECRET_PREVIOUS_KEYS",
        default: None,
        example: "\"$OLD_KEY\"",
        about: "Earlier keys, separated by commas. They only open what was sealed under them; new credentials are \
                sealed under `INTEGRATION_SECRET_ENCRYPTION_KEY`.",
        secret: true,
    },
    parse: parse::keys,
};

pub(crate) static ADMIN_TOKEN: Setting<SecretString> = Setting {
    entry: Entry {
        name: "INTEGRATION_ADMIN_TOKEN",
        default: None,
        example: "\"$(integrations-server keygen)\"",
        about: "The bearer token that may do everything in every organization: 32 to 1024 characters of ASCII \
                without spaces. `serve` does not start without it, unless it is a `worker`.",
        secret: true,
    },
    parse: parse::admin_token,
};

pub(crate) static STORE: Setting<PathBuf> = Setting {
    entry: Entry {
        name: "INTEGRATION_STORE",
        default: Some("sqlite://data/integrations.db"),
        example: "sqlite:///var/lib/integrations/integrations.db",
        about: "Where everything is kept: `sqlite://` and the path of a file, from the root with a third slash, else \
                from the working directory.",
        secret: false,
    },
    parse: parse::sqlite_path,
};

pub(crate) static DISPATCH_QUEUE: Setting<Queue> = Setting {
    entry: Entry {
        name: "INTEGRATION_DISPATCH_QUEUE",
        default: Some("embedded"),
        example: "rediss://user:password@redis.example.org:6379/0",
        about: "Where due work is kept in order: `embedded`, in the one process that works on the store, or the URL of \
                a [Redis](scaling.md) for several: `redis://`, `rediss://` with TLS, or `redis+unix://` and the path of \
                a socket. Nothing is lost with it: it is rebuilt from the store.",
        secret: true,
    },
    parse: parse::queue,
};

pub(crate) static ROLE: Setting<Role> = Setting {
    entry: Entry {
        name: "INTEGRATION_ROLE",
        default: Some("all"),
        example: "all",
        about: "What this process does: `all`, or only one half of it where processes share a Redis queue: `api` takes \
                in and delivers nothing, `worker` delivers and answers nothing but `/livez`, `/readyz` and \
                `/openapi.json`; see [scaling.md](scaling.md).",
        secret: false,
    },
    parse: parse::role,
};

pub(crate) static HTTP_LISTEN: Setting<SocketAddr> = Setting {
    entry: Entry {
        name: "INTEGRATION_HTTP_LISTEN",
        default: Some("127.0.0.1:8080"),
        example: "0.0.0.0:8080",
        about: "The IP address and port on which the API is served, or a worker's health, without TLS: put a proxy before it where others \
                can reach it. Port 0 takes a free one.",
        secret: false,
    },
    parse: parse::socket_address,
};

pub(crate) static EMAIL_DOMAINS: Setting<Vec<String>> = Setting {
    entry: Entry {
        name: "INTEGRATION_EMAIL_DOMAINS",
        default: Some("localhost"),
        example: "mail.example.org,example.org",
        about: "The domains that addresses may have, separated by commas. The first is that of new addresses which \
                name none.",
        secret: false,
    },
    parse: parse::domains,
};

pub(crate) static DASHBOARD_BASE_URL: Setting<Url> = Setting {
    entry: Entry {
        name: "INTEGRATION_DASHBOARD_BASE_URL",
        default: None,
        example: "https://dashboard.example.org",
        about: "Where an \"Open\" button of messages leads. Without it, or when it is not https, there is no button.",
        secret: false,
    },
    parse: parse::base_url,
};

pub(crate) static EGRESS_ALLOW: Setting<AllowList> = Setting {
    entry: Entry {
        name: "INTEGRATION_EGRESS_ALLOW",
        default: None,
        example: "10.20.0.0/16,chat.internal:8065",
        about: "What the URLs of integrations may reach besides the public Internet, separated by commas: networks, \
                or hosts with a port. A listed name is reached on its listed ports only, and by `https://` like any \
                other.",
        secret: false,
    },
    parse: |text| text.parse::<AllowList>().map_err(|error| error.to_string()),
};

pub(crate) static TELEGRAM_API_BASE_URL: Setting<Url> = Setting {
    entry: Entry {
        name: "INTEGRATION_TELEGRAM_API_BASE_URL",
        default: Some(Telegram::PUBLIC_API),
        example: "http://127.0.0.1:8081",
        about: "The Telegram Bot API, or a [server of your own](https://core.telegram.org/bots/api#using-a-local-bot-api-server).",
        secret: false,
    },
    parse: parse::base_url,
};

pub(crate) static TELEGRAM_PACING: Setting<bool> = Setting {
    entry: Entry {
        name: "INTEGRATION_TELEGRAM_PACING",
        default: Some("on"),
        example: "off",
        about: "`on` keeps to the rates that Telegram [asks for](https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this); \
                `off` is for a server of your own without limits.",
        secret: false,
    },
    parse: parse::on_off,
};

pub(crate) static TELEGRAM_BOT_TOKEN: Setting<SecretString> = Setting {
    entry: Entry {
        name: "TELEGRAM_BOT_TOKEN",
        default: None,
        example: "\"$(cat bot-token.txt)\"",
        about: "Read by `demo` alone: a bot's token, to send to the real Telegram. The server takes tokens through \
                its API.",
        secret: true,
    },
    parse: parse::secret,
};

pub(crate) static MAX_INTEGRATIONS: Setting<u32> = Setting {
    entry: Entry {
        name: "MAX_INTEGRATIONS_PER_ORGANIZATION",
        default: Some("3"),
        example: "10",
        about: "How many integrations an organization may have, whatever their status; 0 for no limit.",
        secret: false,
    },
    parse: |text| parse::whole(text, &(0..=1_000_000)),
};

pub(crate) static MAX_DISPATCHES_PER_DAY: Setting<u32> = Setting {
    entry: Entry {
        name: "MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY",
        default: Some("100"),
        example: "1000",
        about: "How many dispatches of an organization may be begun in any 24 hours; 0 for no limit. Those beyond it \
                wait, and none is lost.",
        secret: false,
    },
    parse: |text| parse::whole(text, &(0..=1_000_000_000)),
};

pub(crate) static WORKER_CONCURRENCY: Setting<usize> = Setting {
    entry: Entry {
        name: "INTEGRATION_WORKER_CONCURRENCY",
        default: Some("64"),
        example: "64",
        about: "How many attempts may be under way at once in this process, 1 to 1024. A quarter of them may go to one \
                destination, three quarters to one organization, both counted over all processes that share a queue; \
                give it to all of them alike.",
        secret: false,
    },
    parse: |text| parse::whole(text, &(1..=1024)),
};

pub(crate) static RETRY_WINDOW: Setting<Duration> = Setting {
    entry: Entry {
        name: "INTEGRATION_QUEUE_RETRY_WINDOW_SECONDS",
        default: Some("21600"),
        example: "21600",
        about: "How long after its first attempt a dispatch is tried again, up to 366 days. Time in which it must \
                wait does not count.",
        secret: false,
    },
    parse: |text| parse::seconds(text, YEAR, "would leave no room for a second attempt"),
};

pub(crate) static BASE_DELAY: Setting<Duration> = Setting {
    entry: Entry {
        name: "INTEGRATION_QUEUE_BASE_DELAY_SECONDS",
        default: Some("30"),
        example: "30",
        about: "The delay before the second attempt, up to a day. It doubles with each further one.",
        secret: false,
    },
    parse: |text| parse::seconds(text, DAY, "would repeat attempts without a pause"),
};

pub(crate) static MAX_DELAY: Setting<Duration> = Setting {
    entry: Entry {
        name: "INTEGRATION_QUEUE_MAX_DELAY_SECONDS",
        default: Some("1800"),
        example: "1800",
        about: "The greatest delay between attempts, up to 7 days; raised to the base delay if it is below.",
        secret: false,
    },
    parse: |text| parse::seconds_or_zero(text, WEEK),
};

pub(crate) static JITTER: Setting<Duration> = Setting {
    entry: Entry {
        name: "INTEGRATION_QUEUE_JITTER_SECONDS",
        default: Some("10"),
        example: "10",
        about: "Up to how much is added to each delay by chance, so that retries do not come all at once; up to a \
                day, 0 turns it off.",
        secret: false,
    },
    parse: |text| parse::seconds_or_zero(text, DAY),
};

pub(crate) static MAX_HOLD: Setting<Duration> = Setting {
    entry: Entry {
        name: "INTEGRATION_MAX_HOLD_SECONDS",
        default: Some("604800"),
        example: "604800",
        about: "How long a dispatch may wait for a limit or a paused integration before it ends as `held_too_long`, \
                up to 366 days.",
        secret: false,
    },
    parse: |text| parse::seconds(text, YEAR, "would end every dispatch that has to wait"),
};

pub(crate) static LOG: Setting<LogFilter> = Setting {
    entry: Entry {
        name: "INTEGRATION_LOG",
        default: Some("info"),
        example: "info,store_sqlite=debug",
        about: "What is logged to standard error: `off`, `error`, `warn`, `info`, `debug` or `trace`, also for single \
                parts, as in `info,store_sqlite=debug`. The libraries beneath log warnings unless they are named.",
        secret: false,
    },
    parse: parse::log_filter,
};

pub(crate) static LOG_FORMAT: Setting<LogFormat> = Setting {
    entry: Entry {
        name: "INTEGRATION_LOG_FORMAT",
        default: Some("text"),
        example: "json",
        about: "`text` for people or `json` for programs, one line an entry.",
        secret: false,
    },
    parse: parse::log_format,
};
