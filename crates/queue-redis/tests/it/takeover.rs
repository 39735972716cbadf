//! Whole workers on one store and one Redis: what one had under way when it died, another makes good.

use std::{sync::Arc, time::Duration};

use integrations::{Builder, Integrations, SystemClock, WorkerConfig};
use integrations_core::{
    DispatchStatus, EmailReceived, EventType, HttpClient, IncomingEvent, IntegrationInput, Outbound, Payload, Settings,
    Store, WantedSubscription,
    memory::MemoryStore,
    rules::Policy,
    store::{DispatchFilter, Page, Recipient},
};
use integrations_testkit::{
    fakes::{OpenCipher, Postbox},
    scripted_http::ScriptedHttp,
    suite::block_on,
};
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{config, fresh_name, until},
};

/// As a server has it, but for its length.
const LEASE: Duration = Duration::from_secs(2);

/// A process on that store and the Redis queue of that name, with the services as it sees them.
async fn process(store: &Arc<MemoryStore>, name: &str, postbox: &Postbox) -> Integrations {
    let http: Arc<dyn HttpClient> = Arc::new(ScriptedHttp::playing([]));
    let outbound = Outbound { trusted: http.clone(), guarded: http };
    let worker = WorkerConfig { sweep_every: Duration::from_millis(500), ..WorkerConfig::default() };
    let queue = RedisConfig {
        lease: LEASE,
        shares: worker.shares(),
        clock: Arc::new(SystemClock::new()),
        ..config(shared(), name)
    };
    let store: Arc<dyn Store> = store.clone();
    let policy = Policy { lease: LEASE, ..Policy::default() };
    let builder = Builder::new(store, Arc::new(OpenCipher), outbound)
        .provider(postbox.clone())
        .settings(Settings { policy, ..Settings::default() })
        .worker(worker)
        .shared_queue(Arc::new(RedisQueue::connect(queue).await.unwrap()));
    builder.start().await.unwrap()
}

#[test]
fn what_a_dead_worker_had_under_way_is_taken_over() {
    block_on(async {
        let (store, name) = (Arc::new(MemoryStore::new()), fresh_name());
        let (hanging, lively) = (Postbox::default(), Postbox::default());
        let dying = process(&store, &name, &hanging).await;
        let organization = dying.create_organization("Example").await.unwrap().id;
        let config = serde_json::json!({ "slot": "one", "key": "a key to the box" }).as_object().unwrap().clone();
        let input = IntegrationInput { provider: "postbox".to_owned(), name: "one".to_owned(), config };
        let integration = dying.create_integration(organization, input).await.unwrap().integration.id;
        let wanted =
            [WantedSubscription { integration: integration.to_string(), event_type: EventType::EmailReceived }];
        let address = dying.create_address(organization, "orders", None, &wanted).await.unwrap().address.id;
        hanging.hang("one");
        let event = IncomingEvent {
            recipient: Recipient::Id(address),
            occurred_at: None,
            payload: Payload::EmailReceived(EmailReceived {
                from: "ada@shop.example".to_owned(),
                ..EmailReceived::default()
            }),
            repeat: None,
        };
        dying.publish(organization, vec![event]).await.unwrap();
        let newest = async |platform: &Integrations| {
            let page = platform.list_dispatches(organization, DispatchFilter::default(), Page::first(1)).await.unwrap();
            page.items.into_iter().next().unwrap()
        };
        until("under way", async || newest(&dying).await.state.status == DispatchStatus::Delivering).await;
        drop(dying);

        let heir = process(&store, &name, &lively).await;
        lively.wait_for(1).await;
        until("delivered", async || newest(&heir).await.state.status == DispatchStatus::Delivered).await;
        let (_, attempts) = heir.dispatch(organization, newest(&heir).await.id).await.unwrap();
        let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.unwrap().as_str()).collect();
        assert_eq!(outcomes, ["interrupted", "delivered"]);
        assert!(hanging.delivered().is_empty());
    });
}
