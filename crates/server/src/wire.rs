//! The one place that puts technologies together.

use std::{net::SocketAddr, sync::Arc};

use api_http::{ApiState, ConnectionLimits, RequestLimits};
use cipher_ring::RingCipher;
use http_reqwest::HttpConfig;
use integrations::{Builder, Integrations, SystemEntropy};
use integrations_core::{Outbound, Registry};
use secrecy::SecretString;
use store_sqlite::{OpenOptions, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, table};

/// A server that takes requests and delivers.
pub(crate) struct Server {
    platform: Integrations,
    store: SqliteStore,
    api: ApiState,
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
        let store = SqliteStore::open(&config.store, OpenOptions::default().exclusive(true).migrate(migrate)).await?;
        let platform = Builder::new(Arc::new(store.clone()), Arc::new(cipher), outbound(config)?)
            .registry(registry)
            .settings(config.settings())
            .worker(config.worker())
            .start()
            .await?;
        let stopping = CancellationToken::new();
        let api = api(&platform, &admin_token, &stopping);
        Ok(Self { platform, store, api, listener, stopping })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Answers requests until `stop` is ready; then lets requests and attempts end and closes the store.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) {
        let Self { platform, store, api, listener, stopping } = self;
        let serving = api_http::serve(
            listener,
            api_http::router(api),
            ConnectionLimits::default(),
            stopping.clone().cancelled_owned(),
        );
        let stop = async {
            stop.await;
            stopping.cancel();
        };
        tokio::join!(serving, stop);
        platform.stop().await;
        store.close().await;
    }
}

fn api(platform: &Integrations, admin_token: &SecretString, stopping: &CancellationToken) -> ApiState {
    let stopping = stopping.clone();
    let ready = move || !stopping.is_cancelled();
    ApiState::new(platform.platform().clone(), admin_token, RequestLimits::default(), ready)
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
