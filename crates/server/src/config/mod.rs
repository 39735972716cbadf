//! The configuration, typed: everything an operator decides.
//!
//! Settings come from the environment and a TOML file ([`Sources`]); what there is to set stands in one table.

mod error;
mod layer;
mod names;
mod parse;
mod reference;
mod setting;
mod sources;
pub(crate) mod table;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use cipher_ring::Key;
use integrations::WorkerConfig;
use integrations_core::{
    Provider as _, Settings,
    rules::{Policy, RetryPolicy},
};
use provider_telegram::Telegram;
use secrecy::SecretString;
use url::Url;

pub use error::ConfigError;
pub use reference::reference;
pub use setting::{Entry, Setting};
pub use sources::Sources;
pub use table::entries;

use crate::telemetry::LogFilter;

/// Everything an operator decides, read and checked.
#[derive(Debug)]
pub struct Config {
    /// The keys that seal credentials.
    pub keys: KeyConfig,
    /// The file of the store.
    pub store: PathBuf,
    /// Where due work is kept in order.
    pub queue: Queue,
    /// What this process does.
    pub role: Role,
    /// The API.
    pub http: HttpConfig,
    /// The domains that addresses may have, lower-case; the first is the default.
    pub email_domains: Vec<String>,
    /// Where the "Open" button of messages leads.
    pub dashboard: Option<Url>,
    /// What tenants' URLs may reach besides the public Internet.
    pub egress_allow: http_reqwest::AllowList,
    /// Telegram.
    pub telegram: TelegramConfig,
    /// What organizations may have.
    pub limits: Limits,
    /// How many attempts may be under way at once.
    pub worker_concurrency: usize,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How long a dispatch may be held.
    pub max_hold: Duration,
    /// The log.
    pub log: LogConfig,
    /// What looks like a mistake without being one for sure, to be told to the operator.
    pub warnings: Vec<String>,
}

/// The keys that seal credentials.
#[derive(Debug)]
pub struct KeyConfig {
    /// The one that seals.
    pub current: Option<Key>,
    /// Those that only open.
    pub previous: Vec<Key>,
}

/// Where due work is kept in order.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Queue {
    /// In the process itself, which then has the store to itself.
    Embedded,
    /// In the Redis of that URL, for all processes that work on the store.
    Redis(SecretString),
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It takes in and delivers.
    All,
    /// It takes in.
    Api,
    /// It delivers.
    Worker,
}

/// The API.
#[derive(Debug)]
pub struct HttpConfig {
    /// Where it is served.
    pub listen: SocketAddr,
    /// The token that may do everything.
    pub admin_token: Option<SecretString>,
}

/// Telegram.
#[derive(Debug)]
pub struct TelegramConfig {
    /// The Bot API.
    pub api_base_url: Url,
    /// Whether to keep to the rates that Telegram asks for.
    pub pacing: bool,
    /// The bot that the demo may use.
    pub demo_bot_token: Option<SecretString>,
}

/// What organizations may have; 0 for no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many integrations.
    pub integrations: u32,
    /// How many dispatches begun in any 24 hours.
    pub dispatches_per_day: u32,
}

/// The log.
#[derive(Debug)]
pub struct LogConfig {
    /// What is logged.
    pub filter: LogFilter,
    /// In which form.
    pub format: LogFormat,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let queue = sources.value(&table::DISPATCH_QUEUE)?;
        Ok(Self {
            keys: KeyConfig {
                current: sources.optional(&table::SECRET_ENCRYPTION_KEY)?,
                previous: sources.optional(&table::SECRET_PREVIOUS_KEYS)?.unwrap_or_default(),
            },
            store: sources.value(&table::STORE)?,
            role: role(sources, &queue)?,
            queue,
            http: HttpConfig {
                listen: sources.value(&table::HTTP_LISTEN)?,
                admin_token: sources.optional(&table::ADMIN_TOKEN)?,
            },
            email_domains: sources.value(&table::EMAIL_DOMAINS)?,
            dashboard: sources.optional(&table::DASHBOARD_BASE_URL)?,
            egress_allow: sources.optional(&table::EGRESS_ALLOW)?.unwrap_or_default(),
            telegram: TelegramConfig {
                api_base_url: sources.value(&table::TELEGRAM_API_BASE_URL)?,
                pacing: sources.value(&table::TELEGRAM_PACING)?,
                demo_bot_token: sources.optional(&table::TELEGRAM_BOT_TOKEN)?,
            },
            limits: Limits {
                integrations: sources.value(&table::MAX_INTEGRATIONS)?,
                dispatches_per_day: sources.value(&table::MAX_DISPATCHES_PER_DAY)?,
            },
            worker_concurrency: sources.value(&table::WORKER_CONCURRENCY)?,
            retry: retry(sources)?,
            max_hold: sources.value(&table::MAX_HOLD)?,
            log: LogConfig { filter: sources.value(&table::LOG)?, format: sources.value(&table::LOG_FORMAT)? },
            warnings: sources.warnings(),
        })
    }

    /// What the platform itself is told.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let unpaced = (!self.telegram.pacing).then(|| Telegram::KIND.to_owned());
        Settings {
            policy: Policy {
                retry: self.retry,
                daily_limit: self.limits.dispatches_per_day,
                max_hold: self.max_hold,
                unpaced: Arc::new(unpaced.into_iter().collect()),
                ..Policy::default()
            },
            max_integrations: self.limits.integrations,
            email_domains: self.email_domains.clone(),
            dashboard: self.dashboard.clone(),
            ..Settings::default()
        }
    }

    /// What the worker is told.
    #[must_use]
    pub fn worker(&self) -> WorkerConfig {
        WorkerConfig { concurrency: self.worker_concurrency, ..WorkerConfig::default() }
    }
}

/// A part of the work needs a queue that reaches the process with the rest of it.
fn role(sources: &Sources, queue: &Queue) -> Result<Role, ConfigError> {
    let role = sources.value(&table::ROLE)?;
    let name = match (role, queue) {
        (Role::Api, Queue::Embedded) => "api",
        (Role::Worker, Queue::Embedded) => "worker",
        _ => return Ok(role),
    };
    let queue = table::DISPATCH_QUEUE.entry.name;
    let fault = format!(
        "{name:?} needs a queue that processes share; set {queue} to the URL of a Redis, or let the role be `all`"
    );
    Err(sources.fault(&table::ROLE, fault))
}

fn retry(sources: &Sources) -> Result<RetryPolicy, ConfigError> {
    let base = sources.value(&table::BASE_DELAY)?;
    Ok(RetryPolicy {
        window: sources.value(&table::RETRY_WINDOW)?,
        base,
        max: sources.value(&table::MAX_DELAY)?.max(base),
        jitter: sources.value(&table::JITTER)?,
    })
}
