//! The one place that puts technologies together.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use api_http::{ApiState, ConnectionLimits, RequestLimits};
use cipher_ring::RingCipher;
use http_reqwest::HttpConfig;
use integrations::{Builder, Integrations, SystemClock, SystemEntropy};
use integrations_core::{DispatchQueue, Outbound, Platform, Registry};
use queue_redis::{ConnectError, RedisConfig, RedisQueue};
use secrecy::SecretString;
use store_sqlite::{OpenOptions, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Queue, Role, table};

/// What all keys in Redis begin with. Installations that share a Redis server take a database each.
const QUEUE_NAME: &str = "integrations";

/// How long a mail's sender waits for a Redis that hangs. A sweep brings what it did not take.
const PUSH_PATIENCE: Duration = Duration::from_millis(100);

/// A server that takes requests, delivers, or both.
pub(crate) struct Server {
    /// None where others deliver.
    workers: Option<Integrations>,
    store: SqliteStore,
    api: ApiState,
    role: Role,
    listener: TcpListener,
    stopping: CancellationToken,
}

impl Server {
    /// Opens the store, checks the key, takes up what an earlier process left, and binds the address. Requests are
    /// answered once [`Server::run`] is called.
    pub(crate) async fn start(config: &Config, registry: Registry, migrate: bool) -> anyhow::Result<Self> {
        let admin_token = table::ADMIN_TOKEN.required(config.http.admin_token.clone())?;
        let cipher = cipher(config)?;
        let listener = bind(config.http.listen).await?;
        let queue = queue(config).await.context(table::DISPATCH_QUEUE.entry.name)?;
        let options = OpenOptions::default().exclusive(queue.is_none()).migrate(migrate);
        let store = SqliteStore::open(&config.store, options).await?;
        let mut builder = Builder::new(Arc::new(store.clone()), Arc::new(cipher), outbound()?)
            .registry(registry)
            .settings(config.settings())
            .worker(config.worker());
        if let Some(queue) = queue {
            builder = builder.shared_queue(queue);
        }
        let (platform, workers) = match config.role {
            Role::Api => (builder.intake().await?, None),
            Role::All | Role::Worker => {
                let workers = builder.start().await?;
                (workers.platform().clone(), Some(workers))
            }
        };
        let stopping = CancellationToken::new();
        let api = api(platform, &admin_token, &stopping);
        Ok(Self { workers, store, api, role: config.role, listener, stopping })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers requests until `stop` is ready; then lets requests and attempts end and closes the store.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { workers, store, api, role, listener, stopping } = self;
        let routes = if role == Role::Worker { api_http::probes(api) } else { api_http::router(api) };
        let stopped = stopping.clone().cancelled_owned();
        let serving = api_http::serve(listener, routes, ConnectionLimits::default(), stopped);
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

fn api(platform: Platform, admin_token: &SecretString, stopping: &CancellationToken) -> ApiState {
    let stopping = stopping.clone();
    let ready = move || !stopping.is_cancelled();
    ApiState::new(platform, admin_token, RequestLimits::default(), ready)
}

/// The queue that processes share, if there is one.
pub(crate) async fn queue(config: &Config) -> Result<Option<Arc<dyn DispatchQueue>>, ConnectError> {
    let Queue::Redis(url) = &config.queue else { return Ok(None) };
    let queue = RedisQueue::connect(RedisConfig {
        url: url.clone(),
        name: QUEUE_NAME.to_owned(),
        shares: config.worker().shares(),
        lease: config.settings().policy.lease,
        push_patience: PUSH_PATIENCE,
        clock: Arc::new(SystemClock::new()),
    });
    Ok(Some(Arc::new(queue.await?)))
}

/// The cipher with the configured keys.
pub(crate) fn cipher(config: &Config) -> anyhow::Result<RingCipher> {
    let current = table::SECRET_ENCRYPTION_KEY.required(config.keys.current.clone())?;
    Ok(RingCipher::new(current, config.keys.previous.iter().cloned(), Arc::new(SystemEntropy)))
}

/// The ways out.
pub(crate) fn outbound() -> anyhow::Result<Outbound> {
    Ok(http_reqwest::outbound(&HttpConfig::default())?)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let name = table::HTTP_LISTEN.entry.name;
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| anyhow::anyhow!("cannot listen on {address} ({error}); set {name} to a free address"))
}
