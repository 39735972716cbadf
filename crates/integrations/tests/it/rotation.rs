//! New credentials are used from the next attempt on, by every process on the store.

use std::sync::{Arc, Mutex};

use integrations::core::{
    DeliveryError, Egress, EventType, FailureKind, IntegrationInput, IntegrationPatch, Lanes, Message, Provider,
    Receipt,
    memory::MemoryStore,
    provider::{Description, Target, Verified},
};
use integrations_testkit::{
    fakes::{Postbox, PostboxConfig, PostboxSecret},
    suite::block_on,
};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::world::{World, builder};

/// Writes down the key that each delivery came with, and takes one key at a time.
#[derive(Clone, Default)]
struct Door {
    valid: Arc<Mutex<String>>,
    used: Arc<Mutex<Vec<String>>>,
}

impl Door {
    fn change_lock(&self, key: &str) {
        key.clone_into(&mut self.valid.lock().unwrap());
    }

    fn check(&self, key: &str) -> Result<(), DeliveryError> {
        let fits = *self.valid.lock().unwrap() == key;
        if fits { Ok(()) } else { Err(DeliveryError::new(FailureKind::Unauthorized, "the key does not fit")) }
    }
}

impl Provider for Door {
    const KIND: &'static str = "door";
    type Config = PostboxConfig;
    type Secret = PostboxSecret;

    fn describe(&self) -> Description {
        Description {
            name: "Door",
            event_types: EventType::ALL,
            setup: "1. Knock.",
            destination_fields: &["slot"],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<PostboxConfig>, DeliveryError> {
        self.check(target.secret.key.expose_secret())?;
        let slot = &target.config.slot;
        Ok(Verified {
            config: target.config.clone(),
            details: json!({}),
            identity: slot.clone(),
            lanes: Lanes::single(slot),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, _message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let key = target.secret.key.expose_secret();
        self.used.lock().unwrap().push(key.to_owned());
        self.check(key)?;
        Ok(Receipt { remote_id: None })
    }
}

#[test]
fn a_new_key_is_used_from_the_next_attempt_on_by_all_processes() {
    block_on(async {
        let (store, door) = (Arc::new(MemoryStore::new()), Door::default());
        let process = || builder(store.clone(), &Postbox::default()).provider(door.clone());
        let here = World::of(process(), Postbox::default()).await;
        let mut there = World::of(process(), Postbox::default()).await;
        there.organization = here.organization;
        door.change_lock("the first key");
        let config = |key: &str| json!({ "slot": "one", "key": key }).as_object().unwrap().clone();
        let input = IntegrationInput { provider: "door".into(), name: "Door".into(), config: config("the first key") };
        let created = here.platform.create_integration(here.organization, input).await.unwrap();
        let address = here.address("one", &[created.integration.id]).await;
        for (number, world) in [&here, &there].into_iter().enumerate() {
            world.publish(address, "with the first").await;
            delivered(&here, number + 1).await;
        }

        let patch = |key| IntegrationPatch { config: Some(config(key)), ..IntegrationPatch::default() };
        let id = created.integration.id;
        let refused = here.platform.update_integration(here.organization, id, patch("a wrong key")).await;
        assert!(refused.is_err(), "a key that does not fit is not taken");
        door.change_lock("the second key");
        here.platform.update_integration(here.organization, id, patch("the second key")).await.unwrap();
        for (number, world) in [&there, &here, &there].into_iter().enumerate() {
            world.publish(address, "with the second").await;
            delivered(&here, number + 3).await;
        }
        let used = door.used.lock().unwrap();
        assert_eq!(*used, ["the first key", "the first key", "the second key", "the second key", "the second key"]);
    });
}

async fn delivered(world: &World, count: usize) {
    use integrations::core::DispatchStatus::Delivered;
    loop {
        let dispatches = world.dispatches().await;
        if dispatches.iter().filter(|dispatch| dispatch.state.status == Delivered).count() == count {
            return;
        }
        tokio::task::yield_now().await;
    }
}
