//! The whole platform in virtual time: the core's own steps, driven without a runtime and without waiting.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    AddressId, Clock as _, Dispatch, EmailReceived, EventType, IncomingEvent, IntegrationId, IntegrationInput,
    IntegrationPatch, OrganizationId, Outbound, Payload, Platform, Ports, Published, Registry, Settings, Shares,
    StatusWish, Store, WantedSubscription, later,
    memory::{MemoryQueue, MemoryStore},
    store::{DispatchFilter, Page, Recipient},
};
use jiff::Timestamp;

use crate::{
    clock::{ManualClock, SeqEntropy},
    fakes::{OpenCipher, Postbox},
    scripted_http::ScriptedHttp,
};

/// As rarely as a sweep can come without being late for anything.
const SWEEP_EVERY: Duration = integrations_core::SWEEP_HORIZON;

/// A platform with a postbox for a provider and a clock that a test moves.
pub struct Simulation {
    /// The use cases.
    pub platform: Platform,
    /// Where messages arrive.
    pub postbox: Postbox,
    /// The time.
    pub clock: Arc<ManualClock>,
    store: Arc<dyn Store>,
    settings: Settings,
}

impl Simulation {
    /// A platform on a store in memory, with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::on(Arc::new(MemoryStore::new()), Postbox::default(), settings)
    }

    /// A platform on that store, delivering into that postbox.
    #[must_use]
    pub fn on(store: Arc<dyn Store>, postbox: Postbox, settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::new());
        let platform = platform(&store, &postbox, &clock, settings.clone());
        Self { platform, postbox, clock, store, settings }
    }

    /// The same installation as another process finds it: the queue is empty, and what was open is taken up.
    pub async fn restart(&mut self) {
        self.platform = platform(&self.store, &self.postbox, &self.clock, self.settings.clone());
        self.platform.recover(integrations_core::store::Abandoned::All).await.unwrap();
        self.platform.sweep().await.unwrap();
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Works and lets time pass, from one due time to the next, until so much of it is over.
    pub async fn run_for(&self, time: Duration) {
        let end = later(self.now(), time);
        let mut next_sweep = self.now();
        loop {
            if self.now() >= next_sweep {
                self.platform.sweep().await.unwrap();
                next_sweep = later(self.now(), SWEEP_EVERY);
            }
            let next_due = self.work().await;
            let next = next_due.unwrap_or(end).min(next_sweep).min(end);
            if self.now() >= end {
                return;
            }
            self.clock.set(next.max(self.now()));
        }
    }

    /// Makes every attempt that is due now, and says when the next one is.
    pub async fn work(&self) -> Option<Timestamp> {
        loop {
            let taken = self.platform.take(16).await.unwrap();
            if taken.attempts.is_empty() && taken.next_due.is_none_or(|due| due > self.now()) {
                return taken.next_due;
            }
            for attempt in taken.attempts {
                let result = self.platform.attempt(&attempt).await;
                self.platform.settle(&[self.platform.report(&attempt, result)]).await.unwrap();
            }
        }
    }

    /// Adds an organization.
    pub async fn organization(&self) -> OrganizationId {
        self.platform.create_organization("Example").await.unwrap().id
    }

    /// Adds an integration with that box.
    pub async fn connect(&self, organization: OrganizationId, slot: &str) -> IntegrationId {
        let config = serde_json::json!({ "slot": slot, "key": "a key to the box" });
        let config = config.as_object().unwrap().clone();
        let input = IntegrationInput { provider: "postbox".to_owned(), name: slot.to_owned(), config };
        self.platform.create_integration(organization, input).await.unwrap().integration.id
    }

    /// Pauses an integration or sets it active.
    pub async fn set_status(&self, organization: OrganizationId, integration: IntegrationId, status: StatusWish) {
        let patch = IntegrationPatch { status: Some(status), ..IntegrationPatch::default() };
        self.platform.update_integration(organization, integration, patch).await.unwrap();
    }

    /// Adds an address that subscribes these integrations.
    pub async fn address(&self, organization: OrganizationId, name: &str, subscribed: &[IntegrationId]) -> AddressId {
        let created = self.platform.create_address(organization, name, None, &wanted(subscribed)).await;
        created.unwrap().address.id
    }

    /// Makes these the integrations that an address subscribes.
    pub async fn subscribe(&self, organization: OrganizationId, address: AddressId, subscribed: &[IntegrationId]) {
        self.platform.set_subscriptions(organization, address, &wanted(subscribed)).await.unwrap();
    }

    /// Publishes a mail with that subject.
    pub async fn publish(&self, organization: OrganizationId, address: AddressId, subject: &str) {
        let mail = EmailReceived { subject: Some(subject.to_owned()), ..EmailReceived::default() };
        let event = IncomingEvent {
            recipient: Recipient::Id(address),
            occurred_at: None,
            payload: Payload::EmailReceived(mail),
            repeat: None,
        };
        let published = self.platform.publish(organization, vec![event]).await.unwrap();
        assert!(matches!(published[..], [Published::Accepted { duplicate: false, .. }]), "{published:?}");
    }

    /// The dispatches of an organization, newest first.
    pub async fn dispatches(&self, organization: OrganizationId) -> Vec<Dispatch> {
        let page = Page::first(100_000);
        self.platform.list_dispatches(organization, DispatchFilter::default(), page).await.unwrap().items
    }

    /// The newest dispatch of an organization.
    pub async fn newest(&self, organization: OrganizationId) -> Dispatch {
        self.dispatches(organization).await.remove(0)
    }

    /// The subjects of what has arrived, in order.
    #[must_use]
    pub fn arrived(&self) -> Vec<String> {
        self.postbox.delivered().into_iter().filter_map(|message| message.subject).collect()
    }
}

fn wanted(subscribed: &[IntegrationId]) -> Vec<WantedSubscription> {
    let wanted =
        |id: &IntegrationId| WantedSubscription { integration: id.to_string(), event_type: EventType::EmailReceived };
    subscribed.iter().map(wanted).collect()
}

fn platform(store: &Arc<dyn Store>, postbox: &Postbox, clock: &Arc<ManualClock>, settings: Settings) -> Platform {
    let http = Arc::new(ScriptedHttp::playing([]));
    let shares = Shares { lane: 16, organization: 48 };
    let ports = Ports {
        store: store.clone(),
        queue: Arc::new(MemoryQueue::new(clock.clone(), shares, settings.policy.lease)),
        cipher: Arc::new(OpenCipher),
        outbound: Outbound { trusted: http.clone(), guarded: http },
        clock: clock.clone(),
        entropy: Arc::new(SeqEntropy::default()),
    };
    Platform::new(ports, Registry::new().with(postbox.clone()), settings)
}
