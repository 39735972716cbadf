//! The use cases: everything that can be done with the platform, written against ports.

mod accounts;
mod addresses;
mod api_keys;
mod canary;
mod connect;
mod dispatches;
mod error;
mod integrations;
mod providers;
mod publish;
mod work;

use std::sync::Arc;

use url::Url;

pub use addresses::WantedSubscription;
pub use error::{PlatformError, Thing};
pub use integrations::{IntegrationInput, IntegrationPatch, IntegrationView, StatusWish};
pub use publish::{IncomingEvent, Published, Repeat};
pub use work::{SWEEP_HORIZON, Taken, WorkError};

use crate::{
    Clock, DispatchQueue, Entropy, Outbound, QueueEntry, QueueError, Registry, SecretCipher, Store,
    provider::Service,
    rules::{DAY, Policy},
    store::Slots,
};

/// The technologies that the platform stands on.
#[derive(Clone)]
pub struct Ports {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The index of due work.
    pub queue: Arc<dyn DispatchQueue>,
    /// Seals credentials.
    pub cipher: Arc<dyn SecretCipher>,
    /// The ways out.
    pub outbound: Outbound,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How dispatches are attempted.
    pub policy: Policy,
    /// How many integrations an organization may have; 0 for no limit.
    pub max_integrations: u32,
    /// With how many waiting dispatches an organization cannot publish more; 0 for no limit.
    pub max_waiting: u64,
    /// The domains that addresses may have; the first is the default.
    pub email_domains: Vec<String>,
    /// Where an "Open" link leads, if there is a dashboard. Used when it is `https`.
    pub dashboard: Option<Url>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            max_integrations: 3,
            max_waiting: 100_000,
            email_domains: vec!["localhost".to_owned()],
            dashboard: None,
        }
    }
}

/// The platform: a set of providers on a set of ports. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    parts: Arc<Parts>,
    /// Where new dispatches may begin at once; none where nobody works.
    slots: Option<Arc<dyn Slots>>,
}

/// What all clones have together.
struct Parts {
    ports: Ports,
    registry: Registry,
    settings: Settings,
}

impl Platform {
    /// Puts the parts together.
    #[must_use]
    pub fn new(ports: Ports, registry: Registry, settings: Settings) -> Self {
        Self { parts: Arc::new(Parts { ports, registry, settings }), slots: None }
    }

    /// The same platform, whose new dispatches may begin with their acceptance: in slots of a worker that makes these
    /// attempts.
    #[must_use]
    pub fn beginning_in(self, slots: Arc<dyn Slots>) -> Self {
        Self { slots: Some(slots), ..self }
    }

    /// What the operator decided.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The ports it stands on.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.parts.ports
    }

    fn now(&self) -> jiff::Timestamp {
        self.ports().clock.now()
    }

    /// Tells the queue of what is due.
    async fn tell(&self, entries: &mut [QueueEntry]) -> Result<(), QueueError> {
        entries.iter_mut().for_each(|entry| self.lift_limit(entry));
        self.ports().queue.push(entries).await
    }

    /// Takes the limit of open attempts from a lane where it is not kept.
    fn lift_limit(&self, entry: &mut QueueEntry) {
        let unpaced = &self.settings().policy.unpaced;
        let may_be_lifted = !unpaced.is_empty() && entry.lane.open().is_some();
        if may_be_lifted && entry.lane.provider().is_some_and(|provider| unpaced.contains(provider)) {
            entry.lane = entry.lane.without_limit();
        }
    }

    fn service(&self, egress: crate::Egress) -> Service<'_> {
        Service { http: self.ports().outbound.client(egress), now: self.now() }
    }
}

/// How long a repeat with the same key is recognised.
const KEY_LIFETIME: std::time::Duration = DAY;
