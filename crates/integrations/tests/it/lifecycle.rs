//! From start to stop.

use std::sync::Arc;

use integrations::{
    Builder, StartError,
    core::{DispatchStatus, Outbound, memory::MemoryStore},
};
use integrations_testkit::{fakes::Postbox, scripted_http::ScriptedHttp, suite::block_on};

use crate::world::{World, builder};

#[test]
fn an_event_reaches_every_subscribed_integration_once() {
    block_on(async {
        let world = World::start().await;
        let (one, two) = (world.connect("one").await, world.connect("two").await);
        let address = world.address("orders", &[one, two]).await;
        world.publish(address, "Shipped").await;
        let mut slots: Vec<_> = world.postbox.wait_for(2).await.into_iter().map(|message| message.slot).collect();
        slots.sort();
        assert_eq!(slots, ["one", "two"]);
        assert!(world.dispatches().await.iter().all(|dispatch| dispatch.state.attempt_count == 1));
    });
}

/// What an earlier process had open is closed as interrupted and repeated by the next.
#[test]
fn a_start_takes_up_what_was_left_open() {
    block_on(async {
        let (store, postbox) = (Arc::new(MemoryStore::new()), Postbox::default());
        let first = World::of(builder(store.clone(), &postbox), postbox.clone()).await;
        let integration = first.connect("one").await;
        let address = first.address("orders", &[integration]).await;
        postbox.hang("one");
        first.publish(address, "Shipped").await;
        let dispatch = first.newest_in(DispatchStatus::Delivering).await;
        let World { platform, organization, .. } = first;
        drop(platform);

        let lively = Postbox::default();
        let platform = builder(store, &lively).start().await.unwrap();
        let second = World { platform, postbox: lively, organization };
        second.postbox.wait_for(1).await;
        second.newest_in(DispatchStatus::Delivered).await;
        assert_eq!(second.outcomes(dispatch.id).await, ["interrupted", "delivered"]);
    });
}

/// An orderly stop leaves no attempt open, so nothing is repeated after it.
#[test]
fn a_stop_lets_open_attempts_end() {
    block_on(async {
        let (store, postbox) = (Arc::new(MemoryStore::new()), Postbox::default());
        let world = World::of(builder(store.clone(), &postbox), postbox.clone()).await;
        let integration = world.connect("one").await;
        let address = world.address("orders", &[integration]).await;
        postbox.hang("one");
        world.publish(address, "Shipped").await;
        world.newest_in(DispatchStatus::Delivering).await;
        let World { platform, organization, .. } = world;
        let use_cases = platform.platform().clone();
        let stopping = tokio::spawn(platform.stop());
        tokio::task::yield_now().await;
        assert!(!stopping.is_finished());
        postbox.let_go();
        stopping.await.unwrap();
        let page = integrations::core::store::Page::first(1);
        let filter = integrations::core::store::DispatchFilter::default();
        let dispatches = use_cases.list_dispatches(organization, filter, page).await.unwrap().items;
        assert_eq!(dispatches[0].state.status, DispatchStatus::Delivered);
    });
}

#[test]
fn a_wrong_key_stops_the_start() {
    block_on(async {
        let store = Arc::new(MemoryStore::new());
        let postbox = Postbox::default();
        builder(store.clone(), &postbox).start().await.unwrap().stop().await;

        let http = Arc::new(ScriptedHttp::playing([]));
        let outbound = Outbound { trusted: http.clone(), guarded: http };
        let cipher = integrations_testkit::fakes::LockedCipher;
        let refused = Builder::new(store, Arc::new(cipher), outbound).start().await;
        assert!(matches!(refused, Err(StartError::WrongKey(_))));
    });
}
