//! What is not asked for is not done: secrets are touched, and the queue told, only when there is a cause.

use std::sync::Arc;

use integrations_core::{
    CipherError, DeliveryError, DispatchQueue, EmailReceived, FailureKind, Finished, IncomingEvent, IntegrationInput,
    Outbound, Payload, Platform, Ports, Published, QueueEntry, QueueError, Registry, Reservation, SealContext, Sealed,
    SecretBytes, SecretCipher, Settings, memory::MemoryStore, store::Recipient,
};
use integrations_testkit::{
    clock::{ManualClock, SeqEntropy},
    fakes::Postbox,
    scripted_http::ScriptedHttp,
    suite::block_on,
};

mockall::mock! {
    Cipher {}

    impl SecretCipher for Cipher {
        fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError>;
        fn open(&self, context: SealContext, sealed: &Sealed) -> Result<SecretBytes, CipherError>;
    }
}

mockall::mock! {
    Queue {}

    #[async_trait::async_trait]
    impl DispatchQueue for Queue {
        async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError>;
        async fn reserve(&self, max: usize) -> Result<Reservation, QueueError>;
        async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError>;
        async fn pushed(&self);
    }
}

/// A platform whose cipher and queue take note of every call; one that is not expected is a panic.
fn platform(cipher: MockCipher, queue: MockQueue, postbox: &Postbox) -> Platform {
    let http = Arc::new(ScriptedHttp::playing([]));
    let ports = Ports {
        store: Arc::new(MemoryStore::new()),
        queue: Arc::new(queue),
        cipher: Arc::new(cipher),
        outbound: Outbound { trusted: http.clone(), guarded: http },
        clock: Arc::new(ManualClock::new()),
        entropy: Arc::new(SeqEntropy::default()),
    };
    Platform::new(ports, Registry::new().with(postbox.clone()), Settings::default())
}

fn input() -> IntegrationInput {
    let config = serde_json::json!({ "slot": "one", "key": "a key to the box" });
    IntegrationInput {
        provider: "postbox".to_owned(),
        name: "One".to_owned(),
        config: config.as_object().unwrap().clone(),
    }
}

#[test]
fn what_the_service_refuses_is_never_sealed() {
    block_on(async {
        let postbox = Postbox::default();
        postbox.judge(Some(DeliveryError::new(FailureKind::Unauthorized, "no")));
        let platform = platform(MockCipher::new(), MockQueue::new(), &postbox);
        let organization = platform.create_organization("Example").await.unwrap().id;
        assert!(platform.create_integration(organization, input()).await.is_err());
    });
}

#[test]
fn validation_stores_and_seals_nothing() {
    block_on(async {
        let platform = platform(MockCipher::new(), MockQueue::new(), &Postbox::default());
        platform.validate_integration(input(), true).await.unwrap();
    });
}

#[test]
fn publishing_opens_no_secret_and_tells_the_queue_once() {
    block_on(async {
        let (mut cipher, mut queue) = (MockCipher::new(), MockQueue::new());
        cipher.expect_seal().times(1).returning(|_, _| Ok(Sealed { envelope: vec![1] }));
        queue.expect_push().times(1).withf(|entries| entries.len() == 1).returning(|_| Ok(()));
        let platform = platform(cipher, queue, &Postbox::default());
        let organization = platform.create_organization("Example").await.unwrap().id;
        let integration = platform.create_integration(organization, input()).await.unwrap().integration.id;
        let quiet = platform.create_address(organization, "quiet", None, &[]).await.unwrap();
        let wanted = [integrations_core::WantedSubscription {
            integration: integration.to_string(),
            event_type: integrations_core::EventType::EmailReceived,
        }];
        let busy = platform.create_address(organization, "busy", None, &wanted).await.unwrap();
        for (address, dispatches) in [(quiet, 0), (busy, 1)] {
            let event = IncomingEvent {
                recipient: Recipient::Id(address.address.id),
                occurred_at: None,
                payload: Payload::EmailReceived(EmailReceived::default()),
                repeat: None,
            };
            let published = platform.publish(organization, vec![event]).await.unwrap();
            assert!(
                matches!(published[..], [Published::Accepted { dispatch_count, .. }] if dispatch_count == dispatches)
            );
        }
    });
}
