//! The queue port: calls of the scripts, in the caller's clock.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use integrations_core::{Clock, DispatchQueue, Finished, QueueEntry, QueueError, Reservation, Shares, later};
use redis::{Client, aio::PubSub};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    ConnectError, Fault, RedisConfig,
    calls::Calls,
    config,
    entry::decode,
    link::{DEADLINE, Link},
    merger::Merger,
    requirements,
    scripts::{BATCH, Reply, Request, Scripts},
    wakes::{Wakes, subscribe},
};

/// How long a push of one batch waits. It stands between a sender and the answer, which a queue that is down must not
/// keep back; the entries go in later, or a sweep brings them. Who pushes more than that is no sender.
const BLINK: Duration = Duration::from_millis(100);

/// A queue in Redis, shared by all processes that give it the same URL and name.
pub struct RedisQueue {
    calls: Arc<Calls>,
    pushes: Merger<QueueEntry>,
    ends: Merger<Finished>,
    shares: Shares,
    lease: Duration,
    clock: Arc<dyn Clock>,
    /// How far the server's clock is ahead of ours, in milliseconds. Endless until it has answered.
    ahead: AtomicI64,
    wakes: Arc<Wakes>,
    _listener: AbortOnDropHandle<()>,
}

impl RedisQueue {
    /// Connects, and checks that the server will keep what it is given.
    ///
    /// # Errors
    /// The configuration is wrong, or the server cannot be reached or cannot be used.
    pub async fn connect(config: RedisConfig) -> Result<Self, ConnectError> {
        let (queue, reached) = Self::start(config).await?;
        reached.map(|()| queue)
    }

    /// The same for a process that has something to do without the queue: what may pass by itself, such as a server
    /// that is down, is no error. The queue is there as soon as the server is.
    ///
    /// # Errors
    /// The configuration is wrong, or the server refuses it.
    pub async fn connect_sooner_or_later(config: RedisConfig) -> Result<Self, ConnectError> {
        match Self::start(config).await? {
            (queue, Err(ConnectError::Unusable(fault))) if fault.may_pass() => {
                tracing::warn!(%fault, "Redis cannot be used now; trying again until it can");
                Ok(queue)
            }
            (queue, reached) => reached.map(|()| queue),
        }
    }

    /// Whether Redis would tell us now of a push, so that work that comes is taken up at once. It takes up to seven
    /// seconds to notice that it would not.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.wakes.is_listening()
    }

    /// The queue, and whether the server can be used now.
    async fn start(config: RedisConfig) -> Result<(Self, Result<(), ConnectError>), ConnectError> {
        let scripts = Scripts::new(&config.name)?;
        let client = config::client(&config.url)?;
        let link = Arc::new(Link::new(client.clone()));
        let (subscription, met) = match greet(&link, &client, scripts.channel()).await {
            Ok(subscription) => (Some(subscription), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let wakes = Wakes::new();
        let listening = wakes.clone().listen(client, link.clone(), scripts.channel().to_owned(), subscription);
        let calls = Arc::new(Calls { link, scripts, clock: config.clock.clone(), wakes: wakes.clone() });
        let queue = Self {
            pushes: pushes(calls.clone()),
            ends: ends(calls.clone()),
            calls,
            shares: config.shares,
            lease: config.lease,
            clock: config.clock,
            ahead: AtomicI64::new(i64::MAX),
            wakes,
            _listener: AbortOnDropHandle::new(tokio::spawn(listening)),
        };
        let reached = match met {
            // Shows that the scripts may run, and what time it is over there.
            Ok(()) => queue.take(0).await.map(drop).map_err(ConnectError::from),
            Err(error) => Err(error),
        };
        Ok((queue, reached))
    }

    async fn take(&self, max: usize) -> Result<Reservation, Fault> {
        self.wakes.see();
        // A reply that came too late says what time it is; the next one is not late.
        match self.ask(max).await? {
            Some(reservation) => Ok(reservation),
            None => self.ask(max).await?.ok_or(Fault::Slow),
        }
    }

    /// Nothing if the server was so late that we might not have waited.
    async fn ask(&self, max: usize) -> Result<Option<Reservation>, Fault> {
        let asked = self.clock.now();
        let until = later(asked, DEADLINE).as_millisecond().saturating_add(self.ahead.load(Ordering::SeqCst));
        let lease_millis = self.lease.as_millis();
        let request = Request { max, lease_millis, shares: self.shares, now: asked, until };
        let reply: Reply = self.calls.reserve(&request).await?;
        let (server_now, next_due, aside, members) = reply;
        // Rather too little than too much: a call must not be carried out after its deadline.
        self.ahead.store(server_now.saturating_sub(self.clock.now().as_millisecond()), Ordering::SeqCst);
        self.calls.tell_of(aside);
        let Some(members) = members else { return Ok(None) };
        // What cannot be read, which the scripts do not let happen, is left to its lease.
        let entries = members.iter().filter_map(|member| decode(member)).collect();
        let next_due = next_due.map(|at| later(asked, millis(at.saturating_sub(server_now))));
        Ok(Some(Reservation { entries, next_due }))
    }
}

#[async_trait::async_trait]
impl DispatchQueue for RedisQueue {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        let patience = if entries.len() > BATCH { DEADLINE } else { BLINK };
        for entries in entries.chunks(BATCH) {
            self.pushes.ask(entries.to_vec(), patience).await.map_err(unavailable)?;
        }
        Ok(())
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        self.take(max).await.map_err(unavailable)
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        for finished in finished.chunks(BATCH) {
            self.ends.ask(finished.to_vec(), DEADLINE).await.map_err(unavailable)?;
        }
        Ok(())
    }

    async fn pushed(&self) {
        self.wakes.wait().await;
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue").field("channel", &self.calls.scripts.channel()).finish_non_exhaustive()
    }
}

fn unavailable(fault: Fault) -> QueueError {
    QueueError::Unavailable(Box::new(fault))
}

fn pushes(calls: Arc<Calls>) -> Merger<QueueEntry> {
    Merger::start(move |entries| {
        let calls = calls.clone();
        async move { calls.push(&entries).await }
    })
}

fn ends(calls: Arc<Calls>) -> Merger<Finished> {
    Merger::start(move |finished| {
        let calls = calls.clone();
        async move { calls.finish(&finished).await }
    })
}

/// Checks that the server will keep what it is given, and that it says when there is something.
async fn greet(link: &Link, client: &Client, channel: &str) -> Result<PubSub, ConnectError> {
    requirements::verify(link).await?;
    Ok(subscribe(client, channel).await?)
}

fn millis(count: i64) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or(0))
}
