//! Queues on a server, and entries to put into them.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use integrations::SystemClock;
use integrations_core::{
    Clock, DispatchId, DispatchQueue, EventId, Finished, IntegrationId, LaneKey, OrganizationId, QueueEntry,
    QueueError, Shares,
};
use integrations_testkit::clock::{ManualClock, SeqEntropy};
use jiff::Timestamp;
use queue_redis::{ConnectError, Fault, RedisConfig, RedisQueue};

use crate::redis_server::RedisServer;

/// More than any test puts in.
pub(crate) const ROOMY: Shares = Shares { lane: 10_000, organization: 10_000 };

/// Long enough that it never ends within a test.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// The clock of all queues and entries that have none of their own.
pub(crate) fn clock() -> Arc<SystemClock> {
    static CLOCK: LazyLock<Arc<SystemClock>> = LazyLock::new(Arc::default);
    CLOCK.clone()
}

/// A name that no other test uses.
pub(crate) fn fresh_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("test-{}", COUNT.fetch_add(1, Ordering::SeqCst))
}

/// A configuration to be varied.
pub(crate) fn config(server: &RedisServer, name: &str) -> RedisConfig {
    RedisConfig { url: server.url().into(), name: name.to_owned(), shares: ROOMY, lease: LONG, clock: clock() }
}

pub(crate) async fn connect(server: &RedisServer, name: &str) -> RedisQueue {
    RedisQueue::connect(config(server, name)).await.unwrap()
}

/// Why a queue with that URL does not start.
pub(crate) async fn refusal(server: &RedisServer, url: String) -> ConnectError {
    RedisQueue::connect(RedisConfig { url: url.into(), ..config(server, "refused") }).await.unwrap_err()
}

/// Makes entries that nobody else makes, due by its clock.
pub(crate) struct Entries {
    pub(crate) clock: Arc<dyn Clock>,
    entropy: SeqEntropy,
    sequence: u64,
}

impl Entries {
    pub(crate) fn new() -> Self {
        Self::at(clock())
    }

    pub(crate) fn at(clock: Arc<dyn Clock>) -> Self {
        static SEED: AtomicU64 = AtomicU64::new(0);
        Self { clock, entropy: SeqEntropy::new(SEED.fetch_add(1, Ordering::SeqCst)), sequence: 0 }
    }

    pub(crate) fn organization(&self) -> OrganizationId {
        OrganizationId::generate(&ManualClock::default(), &self.entropy)
    }

    /// An entry that is due now.
    pub(crate) fn due(&mut self, organization: OrganizationId, lane: &str) -> QueueEntry {
        self.sequence += 1;
        let event = EventId::generate(&ManualClock::default(), &self.entropy);
        let integration = IntegrationId::generate(&ManualClock::default(), &self.entropy);
        QueueEntry {
            dispatch: DispatchId::derive(event, integration),
            organization,
            lane: LaneKey::from_stored(format!("{organization}/{lane}")),
            due: self.clock.now(),
            sequence: self.sequence,
        }
    }

    /// As many, in one lane.
    pub(crate) fn many(&mut self, count: usize) -> Vec<QueueEntry> {
        let organization = self.organization();
        (0..count).map(|_| self.due(organization, "a")).collect()
    }
}

pub(crate) fn ids(entries: &[QueueEntry]) -> Vec<DispatchId> {
    entries.iter().map(|entry| entry.dispatch).collect()
}

pub(crate) async fn take(queue: &dyn DispatchQueue, max: usize) -> Vec<DispatchId> {
    ids(&queue.reserve(max).await.unwrap().entries)
}

pub(crate) async fn forget(queue: &dyn DispatchQueue, dispatches: &[DispatchId]) {
    queue.finish(&finished(dispatches, None)).await.unwrap();
}

pub(crate) fn finished(dispatches: &[DispatchId], again_at: Option<Timestamp>) -> Vec<Finished> {
    dispatches.iter().map(|dispatch| Finished { dispatch: *dispatch, again_at }).collect()
}

/// Lets time pass on the server, as far as that queue can see.
pub(crate) fn pass(server: &RedisServer, name: &str, time: Duration) {
    move_times(server, name, -i64::try_from(time.as_millis()).unwrap());
}

/// Sets the server's clock back, as far as that queue can see.
pub(crate) fn set_back(server: &RedisServer, name: &str, time: Duration) {
    move_times(server, name, i64::try_from(time.as_millis()).unwrap());
}

fn move_times(server: &RedisServer, name: &str, by: i64) {
    let script = "for _, key in ipairs(KEYS) do
        for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, ARGV[1], member) end
    end";
    let [scheduled, leases] = ["scheduled", "leases"].map(|part| key(name, part));
    server.tell(&["EVAL", script, "2", &scheduled, &leases, &by.to_string()]);
}

/// As the README has it.
pub(crate) fn key(name: &str, part: &str) -> String {
    format!("{{{name}}}:1:{part}")
}

/// Repeats a question until the answer is yes.
pub(crate) async fn until(what: &str, mut question: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if question().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still not: {what}");
}

/// What was wrong with Redis.
pub(crate) fn fault(result: Result<(), QueueError>) -> Option<Fault> {
    let QueueError::Unavailable(source) = result.err()? else { panic!("the only error there is") };
    Some(*source.downcast_ref().unwrap())
}
