//! The one place that puts technologies together.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use api_http::{ApiState, ConnectionLimits, RequestLimits};
use cipher_ring::RingCipher;
use http_reqwest::HttpConfig;
use integrations::{Builder, Integrations, SystemClock, SystemEntropy};
use integrations_core::{Outbound, Platform, Registry};
use queue_redis::{RedisConfig, RedisQueue};
use secrecy::SecretString;
use store_sqlite::{OpenOptions, SqliteStore};
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Queue, Role, table};

/// What all keys in Redis begin with.
const QUEUE_NAME: &str = "integrations";

/// A server that takes requests, delivers, or both.
pub(crate) struct Server {
    platform: Platform,
    queue: Option<Arc<RedisQueue>>,
    workers: Option<Integrations>,
    admin_token: Option<SecretString>,
    store: SqliteStore,
    listener: TcpListener,
}

impl Server {
    /// Opens the store, checks the key, binds the address, and starts the workers, which take up what an earlier process
    /// left. Requests are answered once [`Server::run`] is called. Attempts are made on the runtime `attempts`.
    pub(crate) async fn start(
        config: &Config,
        registry: Registry,
        migrate: bool,
        attempts: Handle,
    ) -> anyhow::Result<Self> {
        let admin_token = match config.role {
            Role::Worker => None,
            Role::All | Role::Api => Some(table::ADMIN_TOKEN.required(config.http.admin_token.clone())?),
        };
        let cipher = cipher(config)?;
        let listener = bind(config.http.listen).await?;
        let queue = queue(config).await?;
        let options = OpenOptions::default().exclusive(queue.is_none()).shared(queue.is_some()).migrate(migrate);
        let store = SqliteStore::open(&config.store, options).await?;
        let mut builder = Builder::new(Arc::new(store.clone()), Arc::new(cipher), outbound(config)?)
            .registry(registry)
            .settings(config.settings())
            .worker(config.worker())
            .attempts_on(attempts);
        if let Some(queue) = &queue {
            builder = builder.shared_queue(queue.clone());
        }
        let (platform, workers) = match config.role {
            Role::Api => (builder.open().await?, None),
            Role::All | Role::Worker => {
                let workers = builder.start().await?;
                (workers.platform().clone(), Some(workers))
            }
        };
        Ok(Self { platform, queue, workers, admin_token, store, listener })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers requests until `stop` is ready; then lets requests and attempts end and closes the store.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { platform, queue, workers, admin_token, store, listener } = self;
        let stopping = CancellationToken::new();
        let until = stopping.clone();
        let ready = move || !until.is_cancelled();
        let router = match admin_token {
            Some(token) => api_http::router(ApiState::new(platform, &token, RequestLimits::default(), ready)),
            None => api_http::health_router(platform, ready, move || {
                queue.as_ref().is_none_or(|queue| queue.is_connected())
            }),
        };
        let serving =
            api_http::serve(listener, router, ConnectionLimits::default(), stopping.clone().cancelled_owned());
        let stop = async {
            stop.await;
            stopping.cancel();
        };
        tokio::join!(serving, stop);
        if let Some(workers) = workers {
            workers.stop().await;
        }
        store.close().await;
    }
}

/// The queue that processes share, if there is to be one.
async fn queue(config: &Config) -> anyhow::Result<Option<Arc<RedisQueue>>> {
    let Queue::Redis(url) = &config.queue else { return Ok(None) };
    let connected = RedisQueue::connect_sooner_or_later(redis_config(config, url)).await;
    connected.map(|queue| Some(Arc::new(queue))).context(table::DISPATCH_QUEUE.entry.name)
}

/// How this process uses the Redis of that URL.
pub(crate) fn redis_config(config: &Config, url: &SecretString) -> RedisConfig {
    RedisConfig {
        url: url.clone(),
        name: QUEUE_NAME.to_owned(),
        shares: config.worker().shares(),
        lease: config.settings().policy.lease,
        clock: Arc::new(SystemClock::new()),
    }
}

/// The cipher with the configured keys.
pub(crate) fn cipher(config: &Config) -> anyhow::Result<RingCipher> {
    let current = table::SECRET_ENCRYPTION_KEY.required(config.keys.current.clone())?;
    Ok(RingCipher::new(current, config.keys.previous.iter().cloned(), Arc::new(SystemEntropy)))
}

/// The ways out.
pub(crate) fn outbound(config: &Config) -> anyhow::Result<Outbound> {
    Ok(http_reqwest::outbound(&HttpConfig { allow: config.egress_allow.clone(), ..HttpConfig::default() })?)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let name = table::HTTP_LISTEN.entry.name;
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| anyhow::anyhow!("cannot listen on {address} ({error}); set {name} to a free address"))
}
