//! The server's parts on one machine: SQLite, real keys, the API on loopback, and a way out that leads every call of a
//! provider, whatever its host, to a service of the test.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use api_http::{ApiState, ConnectionLimits, RequestLimits};
use cipher_ring::{Key, RingCipher};
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations::{Builder, Integrations, SystemEntropy};
use integrations_core::{
    HttpBody, HttpClient, HttpError, HttpRequest, HttpResponse, Outbound, Rate, Registry, Settings,
    rules::{Policy, RetryPolicy},
};
use integrations_testkit::loopback::Loopback;
use serde_json::{Value, json};
use store_sqlite::{OpenOptions, SqliteStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Answer;

const ADMIN_TOKEN: &str = "an-admin-token-of-more-than-32-characters";
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) type Log = Arc<Mutex<Vec<u8>>>;

struct Lines(Log);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what all crates log, libraries too, at TRACE.
pub(crate) fn log_everything() -> Log {
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || Lines(lines.clone()))
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
}

/// Leads every call to the service of the moment. URL, headers and body go through the real client.
struct Detour {
    client: ReqwestClient,
    service: Mutex<SocketAddr>,
}

#[async_trait::async_trait]
impl HttpClient for Detour {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let service = *self.service.lock().unwrap();
        request.url.set_scheme("http").unwrap();
        request.url.set_ip_host(service.ip()).unwrap();
        request.url.set_port(Some(service.port())).unwrap();
        self.client.send(request).await
    }
}

pub(crate) struct Site {
    platform: Integrations,
    store: SqliteStore,
    detour: Arc<Detour>,
    client: ReqwestClient,
    address: SocketAddr,
    organization: String,
    stopping: CancellationToken,
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("test.db"), OpenOptions::default()).await.unwrap();
        let client = ReqwestClient::trusted(&HttpConfig::default()).unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        let detour = Arc::new(Detour { client: client.clone(), service: Mutex::new(nowhere) });
        let outbound = Outbound { trusted: detour.clone(), guarded: detour.clone() };
        let cipher = RingCipher::new(Key::generate(&SystemEntropy), [], Arc::new(SystemEntropy));
        let platform = Builder::new(Arc::new(store.clone()), Arc::new(cipher), outbound)
            .registry(registry())
            .settings(settings())
            .start()
            .await
            .unwrap();
        let stopping = CancellationToken::new();
        let limits = RequestLimits { provider_calls: Rate::new(1, 10_000), ..RequestLimits::default() };
        let api = ApiState::new(platform.platform().clone(), &ADMIN_TOKEN.into(), limits, || true);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let until = stopping.clone().cancelled_owned();
        tokio::spawn(api_http::serve(listener, api_http::router(api), ConnectionLimits::default(), until));
        let organization = platform.create_organization("Test").await.unwrap().id.to_string();
        Self { platform, store, detour, client, address, organization, stopping, folder }
    }

    /// From now on the providers' service answers so.
    /// It ends when what this gives is dropped.
    pub(crate) async fn service_answers(&self, answer: &Answer) -> Loopback {
        let service = Loopback::start(answer.bytes.clone(), answer.then).await;
        *self.detour.service.lock().unwrap() = service.address();
        service
    }

    /// Any call of the API and its answer.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}{path}", self.address).parse().unwrap();
        let mut request = HttpRequest::new(method.parse().unwrap(), url);
        request.headers.insert("authorization", format!("Bearer {ADMIN_TOKEN}").parse().unwrap());
        request.headers.insert("x-org-id", self.organization.parse().unwrap());
        if !body.is_null() {
            request.headers.insert("content-type", "application/json".parse().unwrap());
            request.body = HttpBody::Bytes(body.to_string().into());
        }
        let answer = self.client.send(request).await.unwrap();
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// An address that subscribes the integration.
    pub(crate) async fn address(&self, local_part: &str, integration: &str) -> String {
        let subscription = json!({ "integrationId": integration, "eventType": "email.received" });
        let body = json!({ "localPart": local_part, "integrationSubscriptions": [subscription] });
        let (status, address) = self.call("POST", "/v1/addresses", &body).await;
        assert_eq!(status, 201, "{address}");
        address["address"].as_str().unwrap().to_owned()
    }

    /// The newest dispatch with its attempts, once it has that subject and an attempt that is over.
    pub(crate) async fn attempted(&self, subject: &str) -> Value {
        loop {
            let (_, dispatches) = self.call("GET", "/v1/dispatches?limit=1", &Value::Null).await;
            let newest = &dispatches["data"][0];
            let over = newest["attemptCount"].as_u64().is_some_and(|count| count > 0);
            if newest["subject"] == subject && over && newest["status"] != "delivering" {
                let path = format!("/v1/dispatches/{}", newest["id"].as_str().unwrap());
                return self.call("GET", &path, &Value::Null).await.1;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends everything and leaves the files of the store.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.stopping.cancel();
        self.platform.stop().await;
        self.store.close().await;
        self.folder
    }
}

fn registry() -> Registry {
    Registry::new()
        .with(provider_telegram::Telegram::new("https://api.telegram.example".parse().unwrap()))
        .with(provider_discord::Discord::default())
        .with(provider_matrix::Matrix)
        .with(provider_ntfy::Ntfy)
        .with(provider_slack::Slack)
        .with(provider_webhook::Webhook)
        .with(provider_pushover_example::Pushover)
}

/// No rates and no second attempts, so that each message meets one answer.
fn settings() -> Settings {
    let kinds = registry().iter().map(|provider| provider.kind().to_owned()).collect();
    let retry = RetryPolicy { base: DAY, max: DAY, ..RetryPolicy::default() };
    let policy = Policy { retry, daily_limit: 0, unconfirmed_wait: DAY, unpaced: Arc::new(kinds), ..Policy::default() };
    Settings { policy, max_integrations: 0, ..Settings::default() }
}
