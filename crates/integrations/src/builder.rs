//! Puts the platform together and starts its workers.

use std::sync::Arc;

use integrations_core::{
    Clock, DispatchQueue, Entropy, Outbound, Platform, PlatformError, Ports, Provider, Registry, SecretCipher,
    Settings, Store, WorkError, memory::MemoryQueue, store::Abandoned,
};
use tokio::runtime::Handle;

use crate::{Integrations, SystemClock, SystemEntropy, WorkerConfig};

/// Builds a running platform out of its parts.
pub struct Builder {
    store: Arc<dyn Store>,
    cipher: Arc<dyn SecretCipher>,
    outbound: Outbound,
    queue: Option<Arc<dyn DispatchQueue>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    registry: Registry,
    settings: Settings,
    worker: WorkerConfig,
    attempts_on: Option<Handle>,
}

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The key is not the one that the store's secrets are sealed under.
    #[error("the encryption key does not open this store's secrets; give the key that they were sealed under")]
    WrongKey(#[source] PlatformError),
    /// The store failed.
    #[error("the store cannot be used")]
    Store(#[source] PlatformError),
    /// What an earlier process left could not be taken up.
    #[error("work that an earlier process left could not be taken up")]
    Recovery(#[from] WorkError),
}

impl Builder {
    /// The parts without which nothing goes. The queue is in memory, for a store that this process has to itself.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, cipher: Arc<dyn SecretCipher>, outbound: Outbound) -> Self {
        Self {
            store,
            cipher,
            outbound,
            queue: None,
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            registry: Registry::new(),
            settings: Settings::default(),
            worker: WorkerConfig::default(),
            attempts_on: None,
        }
    }

    /// Adds a provider.
    #[must_use]
    pub fn provider(self, provider: impl Provider) -> Self {
        Self { registry: self.registry.with(provider), ..self }
    }

    /// Uses these providers.
    #[must_use]
    pub fn registry(self, registry: Registry) -> Self {
        Self { registry, ..self }
    }

    /// Uses these limits and rules.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Uses a queue that several processes share. Attempts that others have open are then left alone until their lease
    /// ends. It need not be reachable: what is accepted meanwhile goes out when it is.
    #[must_use]
    pub fn shared_queue(self, queue: Arc<dyn DispatchQueue>) -> Self {
        Self { queue: Some(queue), ..self }
    }

    /// Works with these numbers.
    #[must_use]
    pub fn worker(self, worker: WorkerConfig) -> Self {
        Self { worker, ..self }
    }

    /// Makes attempts on the threads of that runtime. A provider that keeps its thread busy in one then keeps neither
    /// requests nor the store waiting. Without it attempts share the runtime on which the platform is started.
    #[must_use]
    pub fn attempts_on(self, runtime: Handle) -> Self {
        Self { attempts_on: Some(runtime), ..self }
    }

    /// Uses another clock and another source of chance, for tests.
    #[must_use]
    pub fn world(self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, ..self }
    }

    /// Checks the key, takes up what an earlier process left, and starts the workers on the current tokio runtime.
    ///
    /// # Errors
    /// The key is wrong, or the store cannot be used.
    pub async fn start(self) -> Result<Integrations, StartError> {
        let (worker, alone) = (self.worker, self.queue.is_none());
        let runtime = self.attempts_on.clone().unwrap_or_else(Handle::current);
        let platform = self.open().await?;
        if alone {
            let interrupted = platform.recover(Abandoned::All).await?;
            if interrupted > 0 {
                tracing::info!(attempts = interrupted, "closed attempts that an earlier process left open");
            }
        }
        Ok(Integrations::run(platform, worker, runtime))
    }

    /// Checks the key, and starts nothing: for a process that only takes in, beside others that work on a shared queue.
    ///
    /// # Errors
    /// The key is wrong, or the store cannot be used.
    pub async fn open(self) -> Result<Platform, StartError> {
        let platform = self.platform();
        check_key(&platform).await?;
        Ok(platform)
    }

    /// The platform without workers and without any check.
    #[must_use]
    pub fn platform(self) -> Platform {
        let queue = self.queue.unwrap_or_else(|| {
            let (clock, lease) = (self.clock.clone(), self.settings.policy.lease);
            Arc::new(MemoryQueue::new(clock, self.worker.shares(), lease))
        });
        let ports = Ports {
            store: self.store,
            queue,
            cipher: self.cipher,
            outbound: self.outbound,
            clock: self.clock,
            entropy: self.entropy,
        };
        Platform::new(ports, self.registry, self.settings)
    }
}

async fn check_key(platform: &Platform) -> Result<(), StartError> {
    platform.check_key().await.map_err(|error| match error {
        PlatformError::Cipher(_) => StartError::WrongKey(error),
        other => StartError::Store(other),
    })
}
