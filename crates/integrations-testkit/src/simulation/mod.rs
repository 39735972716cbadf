//! The whole platform in virtual time: the core's own steps, driven without a runtime and without waiting.

mod run;
mod slots;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use integrations_core::{
    AddressId, Attempt, Clock as _, Dispatch, DispatchQueue, EmailReceived, EventType, IncomingEvent, IntegrationId,
    IntegrationInput, IntegrationPatch, OrganizationId, Outbound, Payload, Platform, Ports, Published, Registry,
    Repeat, Settings, StatusWish, Store, WantedSubscription,
    memory::{MemoryQueue, MemoryStore},
    store::{DispatchFilter, Page, Recipient},
};
use jiff::Timestamp;

use crate::{
    clock::{ManualClock, SeqEntropy},
    fakes::{OpenCipher, Postbox},
    faults::{FaultyQueue, FaultyStore, Odds},
    scripted_http::ScriptedHttp,
};

use run::{Run, SHARES};
use slots::SimulatedSlots;

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
    /// How long an attempt takes that ends in a timeout.
    timeout: Duration,
    /// The seed and the odds of store and queue, if they fail now and then.
    faults: Option<(u64, Odds)>,
    run: Arc<Mutex<Run>>,
    /// Whether new dispatches may begin with their acceptance.
    gives_slots: bool,
    published: AtomicU64,
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
        let (timeout, run, published) = (Duration::ZERO, Arc::default(), AtomicU64::default());
        let platform = platform(&store, &postbox, &clock, settings.clone(), None);
        let gives_slots = true;
        let mut new =
            Self { platform, postbox, clock, store, settings, timeout, faults: None, run, gives_slots, published };
        new.open();
        new
    }

    /// The same, but every dispatch goes through the queue.
    #[must_use]
    pub fn through_the_queue(mut self) -> Self {
        self.gives_slots = false;
        self.open();
        self
    }

    /// A process that knows nothing yet.
    fn open(&mut self) {
        self.run = Arc::default();
        self.platform = platform(&self.store, &self.postbox, &self.clock, self.settings.clone(), self.faults);
        if self.gives_slots {
            let slots = SimulatedSlots { run: self.run.clone(), platform: self.platform.clone() };
            self.platform = self.platform.clone().beginning_in(Arc::new(slots));
        }
    }

    /// The same, but an attempt that ends in a timeout takes that long, and a slot with it.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// From the next [`Simulation::restart`] on store and queue fail with these odds.
    pub fn set_faults(&mut self, seed: u64, odds: Odds) {
        self.faults = Some((seed, odds));
    }

    /// The same installation as another process finds it after a crash: the queue is empty, attempts that were under way
    /// are lost, and what was open is taken up.
    pub async fn restart(&mut self) {
        self.open();
        // A process that cannot do this ends, and the next one tries.
        while let Err(error) = self.platform.recover(integrations_core::store::Abandoned::All).await {
            self.expect(&error);
        }
    }

    /// Fails the test, unless faults were asked for.
    fn expect(&self, error: &dyn std::error::Error) {
        assert!(self.faults.is_some(), "{error}: {:?}", error.source());
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
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

    /// Publishes a mail with that subject, again and again until it is accepted.
    pub async fn publish(&self, organization: OrganizationId, address: AddressId, subject: &str) {
        let number = self.published.fetch_add(1, Ordering::Relaxed);
        let mail = EmailReceived { subject: Some(subject.to_owned()), ..EmailReceived::default() };
        let event = IncomingEvent {
            recipient: Recipient::Id(address),
            occurred_at: None,
            payload: Payload::EmailReceived(mail),
            repeat: Some(Repeat::Key { key: number.to_string(), fingerprint: [0; 32] }),
        };
        let mut answer_lost = false;
        loop {
            match self.platform.publish(organization, vec![event.clone()]).await {
                Ok(published) => {
                    let accepted =
                        matches!(published[..], [Published::Accepted { duplicate, .. }] if answer_lost || !duplicate);
                    assert!(accepted, "{published:?}");
                    return;
                }
                Err(error) => self.expect(&error),
            }
            answer_lost = true;
        }
    }

    /// The dispatches of an organization, newest first.
    pub async fn dispatches(&self, organization: OrganizationId) -> Vec<Dispatch> {
        let page = Page::first(100_000);
        self.store.list_dispatches(organization, DispatchFilter::default(), page).await.unwrap().items
    }

    /// The attempts of a dispatch.
    pub async fn attempts(&self, dispatch: &Dispatch) -> Vec<Attempt> {
        self.store.dispatch_with_attempts(dispatch.organization, dispatch.id).await.unwrap().unwrap().1
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

fn platform(
    store: &Arc<dyn Store>,
    postbox: &Postbox,
    clock: &Arc<ManualClock>,
    settings: Settings,
    faults: Option<(u64, Odds)>,
) -> Platform {
    let http = Arc::new(ScriptedHttp::playing([]));
    let mut store = store.clone();
    let mut queue: Arc<dyn DispatchQueue> = Arc::new(MemoryQueue::new(clock.clone(), SHARES, settings.policy.lease));
    if let Some((seed, odds)) = faults {
        // Another process has other luck, and a run of the same seed has the same.
        let seed = seed ^ u64::try_from(clock.now().as_millisecond()).unwrap();
        store = Arc::new(FaultyStore::new(store, seed, odds));
        queue = Arc::new(FaultyQueue::new(queue, seed, odds));
    }
    let ports = Ports {
        store,
        queue,
        cipher: Arc::new(OpenCipher),
        outbound: Outbound { trusted: http.clone(), guarded: http },
        clock: clock.clone(),
        entropy: Arc::new(SeqEntropy::default()),
    };
    Platform::new(ports, Registry::new().with(postbox.clone()), settings)
}
