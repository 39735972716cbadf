//! A running platform with one organization, a postbox for a provider, and addresses that subscribe it.

use std::{sync::Arc, time::Duration};

use integrations::{
    Builder, Integrations, WorkerConfig,
    core::{
        AddressId, Dispatch, DispatchId, DispatchStatus, EmailReceived, EventType, HttpClient, IncomingEvent,
        IntegrationId, IntegrationInput, OrganizationId, Outbound, Payload, Published, Settings, Store,
        WantedSubscription,
        memory::MemoryStore,
        rules::{Policy, RetryPolicy},
        store::{DispatchFilter, Page, Recipient},
    },
};
use integrations_testkit::{
    fakes::{OpenCipher, Postbox},
    scripted_http::ScriptedHttp,
};

pub(crate) struct World {
    pub(crate) platform: Integrations,
    pub(crate) postbox: Postbox,
    pub(crate) organization: OrganizationId,
}

/// Parts of a platform that can be started more than once on the same store.
pub(crate) fn builder(store: Arc<dyn Store>, postbox: &Postbox) -> Builder {
    let http: Arc<dyn HttpClient> = Arc::new(ScriptedHttp::playing([]));
    let outbound = Outbound { trusted: http.clone(), guarded: http };
    Builder::new(store, Arc::new(OpenCipher), outbound)
        .provider(postbox.clone())
        .settings(Settings { policy: quick_policy(), max_integrations: 0, ..Settings::default() })
        .worker(WorkerConfig { concurrency: 8, sweep_every: Duration::from_millis(20), ..WorkerConfig::default() })
}

/// Waits of a few milliseconds, so that the tests see what comes after them.
pub(crate) fn quick_policy() -> Policy {
    let millis = Duration::from_millis;
    Policy {
        retry: RetryPolicy { window: millis(5_000), base: millis(5), max: millis(20), jitter: millis(0) },
        daily_limit: 0,
        unconfirmed_wait: millis(5),
        ..Policy::default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        let postbox = Postbox::default();
        Self::of(builder(Arc::new(MemoryStore::new()), &postbox), postbox).await
    }

    pub(crate) async fn of(builder: Builder, postbox: Postbox) -> Self {
        let platform = builder.start().await.unwrap();
        let organization = platform.create_organization("Example").await.unwrap().id;
        Self { platform, postbox, organization }
    }

    /// An integration with that box.
    pub(crate) async fn connect(&self, slot: &str) -> IntegrationId {
        let config = serde_json::json!({ "slot": slot, "key": "a key to the box" });
        let input = IntegrationInput {
            provider: "postbox".to_owned(),
            name: slot.to_owned(),
            config: config.as_object().unwrap().clone(),
        };
        self.platform.create_integration(self.organization, input).await.unwrap().integration.id
    }

    /// An address that subscribes these integrations.
    pub(crate) async fn address(&self, local_part: &str, integrations: &[IntegrationId]) -> AddressId {
        let wanted: Vec<_> = integrations
            .iter()
            .map(|id| WantedSubscription { integration: id.to_string(), event_type: EventType::EmailReceived })
            .collect();
        let created = self.platform.create_address(self.organization, local_part, None, &wanted).await;
        created.unwrap().address.id
    }

    /// Publishes a mail with that subject.
    pub(crate) async fn publish(&self, address: AddressId, subject: &str) {
        let mail = EmailReceived {
            from: "ada@shop.example".to_owned(),
            sender_label: "ada@shop.example".to_owned(),
            subject: Some(subject.to_owned()),
            ..EmailReceived::default()
        };
        let event = IncomingEvent {
            recipient: Recipient::Id(address),
            occurred_at: None,
            payload: Payload::EmailReceived(mail),
            repeat: None,
        };
        let published = self.platform.publish(self.organization, vec![event]).await.unwrap();
        assert!(matches!(published[..], [Published::Accepted { duplicate: false, .. }]), "{published:?}");
    }

    /// All dispatches, newest first.
    pub(crate) async fn dispatches(&self) -> Vec<Dispatch> {
        let page = Page::first(1_000);
        self.platform.list_dispatches(self.organization, DispatchFilter::default(), page).await.unwrap().items
    }

    /// The newest dispatch, once it is as wanted.
    pub(crate) async fn newest(&self, wanted: impl Fn(&Dispatch) -> bool) -> Dispatch {
        loop {
            match self.dispatches().await.into_iter().next() {
                Some(dispatch) if wanted(&dispatch) => return dispatch,
                _ => tokio::task::yield_now().await,
            }
        }
    }

    pub(crate) async fn newest_in(&self, status: DispatchStatus) -> Dispatch {
        self.newest(|dispatch| dispatch.state.status == status).await
    }

    /// How each attempt of a dispatch ended.
    pub(crate) async fn outcomes(&self, id: DispatchId) -> Vec<String> {
        let (_, attempts) = self.platform.dispatch(self.organization, id).await.unwrap();
        attempts.iter().map(|attempt| attempt.outcome.map_or("open", |outcome| outcome.as_str()).to_owned()).collect()
    }
}
