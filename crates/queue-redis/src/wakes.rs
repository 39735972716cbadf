//! Wakes idle workers when any process pushes: a subscription on a connection of its own, for ever renewed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt as _;
use redis::{Client, Value, aio::PubSub};
use tokio::sync::watch;

use crate::{
    Fault,
    link::{Link, in_time},
    requirements,
};

/// How long the channel may be silent before the connection is tested.
const SILENCE: Duration = Duration::from_secs(5);

/// How long to wait before subscribing again.
const PAUSE: Duration = Duration::from_millis(500);

/// Counts what is worth waking up for.
pub(crate) struct Wakes {
    count: watch::Sender<u64>,
    /// The count when the last reservation began.
    seen: AtomicU64,
    listening: AtomicBool,
}

impl Wakes {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { count: watch::Sender::new(0), seen: AtomicU64::new(0), listening: AtomicBool::new(false) })
    }

    /// A reservation begins: it sees whatever was pushed until now.
    pub(crate) fn see(&self) {
        self.seen.store(*self.count.borrow(), Ordering::SeqCst);
    }

    /// This process has pushed. Usually the channel says so too; workers are woken once.
    pub(crate) fn pushed(&self) {
        if !self.is_listening() {
            self.wake();
        }
    }

    /// Returns once there was something since the last reservation began.
    pub(crate) async fn wait(&self) {
        let unseen = |count: &u64| *count != self.seen.load(Ordering::SeqCst);
        // It fails only when the sender is gone, and that is here.
        let _ = self.count.subscribe().wait_for(unseen).await;
    }

    fn wake(&self) {
        self.count.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether the channel is subscribed, as far as we know.
    pub(crate) fn is_listening(&self) -> bool {
        self.listening.load(Ordering::SeqCst)
    }

    /// Listens, and subscribes again whenever the connection is lost.
    pub(crate) async fn listen(
        self: Arc<Self>,
        client: Client,
        link: Arc<Link>,
        channel: String,
        mut subscription: Option<PubSub>,
    ) {
        loop {
            if let Some(subscription) = subscription.take() {
                self.listening.store(true, Ordering::SeqCst);
                // There may have been something meanwhile.
                self.wake();
                self.attend(subscription).await;
                self.listening.store(false, Ordering::SeqCst);
                tracing::warn!("Redis no longer says when there is new work; subscribing again");
            }
            tokio::time::sleep(PAUSE).await;
            subscription = subscribe(&client, &channel).await.ok();
            if subscription.is_some() {
                tracing::info!("Redis says when there is new work");
                if let Err(error) = requirements::verify(&link).await {
                    tracing::error!(error = &error as &dyn std::error::Error, "Redis is not what the queue needs");
                }
            }
        }
    }

    /// Passes on what is said until the connection is lost.
    async fn attend(&self, subscription: PubSub) {
        let (mut sink, mut messages) = subscription.split();
        loop {
            match tokio::time::timeout(SILENCE, messages.next()).await {
                Ok(Some(_push)) => self.wake(),
                Ok(None) => return,
                Err(_silence) => {
                    if in_time(sink.ping::<Value>()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

pub(crate) async fn subscribe(client: &Client, channel: &str) -> Result<PubSub, Fault> {
    in_time(async {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        Ok(subscription)
    })
    .await
}
