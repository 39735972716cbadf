//! The parts of a server without its loops, so that a test decides on every step: SQLite on a file, real keys, the real
//! HTTP client, and a way out that leads every call of a provider, whatever its host, to a service on loopback.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use cipher_ring::{Key, RingCipher};
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations::{Builder, SystemEntropy, WorkerConfig};
use integrations_core::{
    AddressId, Attempt, Dispatch, EmailReceived, EventType, HttpClient, HttpError, HttpRequest, HttpResponse,
    IncomingEvent, Integration, IntegrationId, IntegrationInput, IntegrationPatch, OrganizationId, Outbound, Payload,
    Platform, Registry, Settings, StatusWish, WantedSubscription,
    rules::{Policy, RetryPolicy},
    store::{DispatchFilter, Page, Recipient},
};
use integrations_testkit::{
    clock::{ManualClock, SeqEntropy},
    loopback::Loopback,
};
use store_sqlite::{OpenOptions, SqliteStore};

use super::services::{Answer, Service, fine};

/// The ordinary delay before a second attempt.
pub(super) const DELAY: Duration = Duration::from_secs(30);
/// The one after a lost answer.
pub(super) const UNCONFIRMED_WAIT: Duration = Duration::from_secs(600);

/// More steps than any test here has dispatches to begin.
const STEPS: usize = 16;

/// Leads each call to the next server, and all further ones to the last.
struct Detour {
    client: ReqwestClient,
    servers: Mutex<VecDeque<SocketAddr>>,
}

#[async_trait::async_trait]
impl HttpClient for Detour {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let server = {
            let mut servers = self.servers.lock().unwrap();
            let more = servers.len() > 1;
            if more { servers.pop_front().unwrap() } else { servers[0] }
        };
        request.url.set_scheme("http").unwrap();
        request.url.set_ip_host(server.ip()).unwrap();
        request.url.set_port(Some(server.port())).unwrap();
        self.client.send(request).await
    }
}

/// The servers that answer at the moment.
pub(super) struct Scripted(Vec<Loopback>);

impl Scripted {
    /// Which of these words came in, in order.
    pub(super) fn received(&self, words: &[&'static str]) -> Vec<&'static str> {
        let requests = self.0.iter().flat_map(Loopback::requests);
        let bodies = requests.map(|request| String::from_utf8(request.body).unwrap());
        bodies.filter_map(|body| words.iter().find(|word| body.contains(**word)).copied()).collect()
    }
}

/// An integration, and an address that subscribes it.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) integration: IntegrationId,
    address: AddressId,
}

pub(super) struct Site {
    pub(super) clock: Arc<ManualClock>,
    platform: Platform,
    store: SqliteStore,
    detour: Arc<Detour>,
    cipher: Arc<RingCipher>,
    entropy: Arc<SeqEntropy>,
    organization: OrganizationId,
    folder: tempfile::TempDir,
}

impl Site {
    pub(super) async fn new() -> Self {
        let client = ReqwestClient::trusted(&HttpConfig::default()).unwrap();
        let detour = Arc::new(Detour { client, servers: Mutex::default() });
        let cipher = Arc::new(RingCipher::new(Key::generate(&SystemEntropy), [], Arc::new(SystemEntropy)));
        let (clock, entropy) = (Arc::new(ManualClock::new()), Arc::new(SeqEntropy::new(1)));
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let platform = platform(&store, &cipher, &detour).world(clock.clone(), entropy.clone()).open().await.unwrap();
        let organization = platform.create_organization("Test").await.unwrap().id;
        Self { clock, platform, store, detour, cipher, entropy, organization, folder }
    }

    /// Closes everything, and opens it again with nothing but what the file holds.
    pub(super) async fn restart(&mut self) {
        self.store.close().await;
        self.store = open(&self.folder).await;
        let builder = platform(&self.store, &self.cipher, &self.detour);
        self.platform = builder.world(self.clock.clone(), self.entropy.clone()).open().await.unwrap();
    }

    /// From now on calls are answered so, one after the other, and all further ones like the last.
    pub(super) async fn answers(&self, answers: impl IntoIterator<Item = &Answer>) -> Scripted {
        let mut servers = Vec::new();
        for answer in answers {
            servers.push(Loopback::start(answer.bytes.clone(), answer.then).await);
        }
        *self.detour.servers.lock().unwrap() = servers.iter().map(Loopback::address).collect();
        Scripted(servers)
    }

    /// Connects an account and a place.
    pub(super) async fn connect(&self, service: &Service, account: u8, place: u8) -> Route {
        let _services = self.answers(&[fine(account), fine(place)]).await;
        let name = format!("route-{account}-{place}");
        let config = (service.config)(account, place).as_object().unwrap().clone();
        let input = IntegrationInput { provider: service.kind.to_owned(), name: name.clone(), config };
        let integration = self.platform.create_integration(self.organization, input).await.unwrap().integration.id;
        let wanted = WantedSubscription { integration: integration.to_string(), event_type: EventType::EmailReceived };
        let address = self.platform.create_address(self.organization, &name, None, &[wanted]).await.unwrap();
        Route { integration, address: address.address.id }
    }

    pub(super) async fn integration(&self, route: Route) -> Integration {
        self.platform.integration(self.organization, route.integration).await.unwrap().integration
    }

    /// Sets it active again, as a person does.
    pub(super) async fn activate(&self, route: Route) {
        let patch = IntegrationPatch { status: Some(StatusWish::Active), ..IntegrationPatch::default() };
        self.platform.update_integration(self.organization, route.integration, patch).await.unwrap();
    }

    pub(super) async fn publish(&self, route: Route, subject: &str) {
        let mail = EmailReceived {
            from: "ada@shop.example".to_owned(),
            sender_label: "ada@shop.example".to_owned(),
            subject: Some(subject.to_owned()),
            ..EmailReceived::default()
        };
        let (recipient, payload) = (Recipient::Id(route.address), Payload::EmailReceived(mail));
        let event = IncomingEvent { recipient, occurred_at: None, payload, repeat: None };
        self.platform.publish(self.organization, vec![event]).await.unwrap();
    }

    /// Does all that is due, one attempt after the other.
    pub(super) async fn work(&self) {
        self.platform.sweep().await.unwrap();
        for _ in 0..STEPS {
            for attempt in self.platform.take(1).await.unwrap().attempts {
                let result = self.platform.attempt(&attempt).await;
                self.platform.settle(&[self.platform.report(&attempt, result)]).await.unwrap();
            }
        }
    }

    /// The dispatch with that subject and its attempts.
    pub(super) async fn dispatch(&self, subject: &str) -> (Dispatch, Vec<Attempt>) {
        let (filter, page) = (DispatchFilter::default(), Page::first(100));
        let all = self.platform.list_dispatches(self.organization, filter, page).await.unwrap().items;
        let dispatch = all.into_iter().find(|dispatch| dispatch.subject.as_deref() == Some(subject)).unwrap();
        self.platform.dispatch(self.organization, dispatch.id).await.unwrap()
    }
}

async fn open(folder: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("test.db"), OpenOptions::default()).await.unwrap()
}

/// No rates, no jitter, and one attempt at a time.
fn platform(store: &SqliteStore, cipher: &Arc<RingCipher>, detour: &Arc<Detour>) -> Builder {
    let kinds = registry().iter().map(|provider| provider.kind().to_owned()).collect();
    let retry = RetryPolicy { base: DELAY, jitter: Duration::ZERO, ..RetryPolicy::default() };
    let policy = Policy {
        retry,
        daily_limit: 0,
        unconfirmed_wait: UNCONFIRMED_WAIT,
        unpaced: Arc::new(kinds),
        ..Policy::default()
    };
    let outbound = Outbound { trusted: detour.clone(), guarded: detour.clone() };
    Builder::new(Arc::new(store.clone()), cipher.clone(), outbound)
        .registry(registry())
        .settings(Settings { policy, max_integrations: 0, ..Settings::default() })
        .worker(WorkerConfig { concurrency: 1, ..WorkerConfig::default() })
}

fn registry() -> Registry {
    Registry::new()
        .with(provider_telegram::Telegram::new("https://api.telegram.example".parse().unwrap()))
        .with(provider_discord::Discord::default())
        .with(provider_matrix::Matrix)
        .with(provider_ntfy::Ntfy)
        .with(provider_slack::Slack)
        .with(provider_webhook::Webhook)
}
