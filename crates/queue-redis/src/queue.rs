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
use tokio_util::task::AbortOnDropHandle;

use crate::{
    ConnectError, Fault, RedisConfig, config,
    entry::decode,
    link::{DEADLINE, Link},
    outbox::Outbox,
    requirements,
    scripts::{Reply, Request, Scripts},
    tell_of,
    wakes::{Wakes, subscribe},
};

/// A queue in Redis, shared by all processes that give it the same URL and name.
pub struct RedisQueue {
    link: Arc<Link>,
    scripts: Arc<Scripts>,
    shares: Shares,
    lease: Duration,
    push_patience: Duration,
    clock: Arc<dyn Clock>,
    /// How far the server's clock is ahead of ours, in milliseconds. Endless until it has answered.
    ahead: AtomicI64,
    wakes: Arc<Wakes>,
    outbox: Outbox,
    _listener: AbortOnDropHandle<()>,
}

impl RedisQueue {
    /// Connects, and checks that the server will keep what it is given.
    ///
    /// # Errors
    /// The configuration is wrong, or the server cannot be reached or cannot be used.
    pub async fn connect(config: RedisConfig) -> Result<Self, ConnectError> {
        let scripts = Arc::new(Scripts::new(&config.name)?);
        let client = config::client(&config.url)?;
        let link = Arc::new(Link::new(client.clone()));
        check(&link).await?;
        let wakes = Wakes::new();
        let subscription = subscribe(&client, scripts.channel()).await?;
        let listener = tokio::spawn(wakes.clone().listen(client, scripts.channel().to_owned(), subscription));
        let queue = Self {
            outbox: Outbox::open(link.clone(), scripts.clone(), config.clock.clone(), wakes.clone()),
            link,
            scripts,
            shares: config.shares,
            lease: config.lease,
            push_patience: config.push_patience,
            clock: config.clock,
            ahead: AtomicI64::new(i64::MAX),
            wakes,
            _listener: AbortOnDropHandle::new(listener),
        };
        // Shows that the scripts may run, and what time it is over there.
        queue.take(0).await?;
        Ok(queue)
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
        let reply: Reply = self.link.run(&self.scripts.reserve(&request)).await?;
        let (server_now, next_due, aside, members) = reply;
        // Rather too little than too much: a call must not be carried out after its deadline.
        self.ahead.store(server_now.saturating_sub(self.clock.now().as_millisecond()), Ordering::SeqCst);
        tell_of(aside);
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
        self.outbox.push(entries, self.push_patience).await.map_err(unavailable)
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        self.take(max).await.map_err(unavailable)
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        self.outbox.finish(finished, DEADLINE).await.map_err(unavailable)
    }

    async fn pushed(&self) {
        self.wakes.wait().await;
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue").field("channel", &self.scripts.channel()).finish_non_exhaustive()
    }
}

fn unavailable(fault: Fault) -> QueueError {
    QueueError::Unavailable(Box::new(fault))
}

async fn check(link: &Link) -> Result<(), ConnectError> {
    let unknown = match link.info().await {
        Err(Fault::Permission) => vec!["version", "maxmemory-policy"],
        info => requirements::check(&info?)?,
    };
    if !unknown.is_empty() {
        tracing::warn!(?unknown, "Redis does not say this about itself; it must be 6.2 or newer, with `noeviction`");
    }
    Ok(())
}

fn millis(count: i64) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or(0))
}
