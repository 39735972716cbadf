//! A store and a queue that fail now and then, as a seed says, in front of real ones.
//!
//! A call can fail in two ways that its caller cannot tell apart. It is *refused*: nothing has happened. Or its answer
//! is *lost*: everything has happened. And it can be *delayed*, so that calls made later are served earlier.
//!
//! With [`Patient`] in front, which repeats what failed, a store that refuses and delays passes the whole suite of its
//! port: a refused call leaves no trace. A queue passes it with lost pushes and ends too, since both may be repeated.
//! No repeating hides the lost answer of a store or of a reservation, and none should: what was begun is found when
//! its lease ends, a second report is [`Late`](integrations_core::store::Settled::Late), and only an event with a key
//! may be published again. What a repeated call of a store answers is the topic `lost_answers` of its suite, and that
//! nothing gets lost on the whole is for a [`Simulation`](crate::simulation::Simulation).

use std::sync::Arc;

use integrations_core::{
    DispatchQueue, Entropy as _, Finished, QueueEntry, QueueError, Reservation, Store, StoreError,
};

use crate::{clock::SeqEntropy, decorate::StoreDecorator, decorate_store};

/// How many calls in a thousand fail in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Odds {
    /// Fail before anything happens.
    pub refused: u16,
    /// Happen, and fail.
    pub lost: u16,
    /// Happen after others that come later.
    pub delayed: u16,
}

/// What becomes of one call.
enum Fate {
    Served,
    Refused,
    Lost,
    Delayed,
}

/// Decides by a seed what becomes of each call.
#[derive(Debug)]
struct Dice {
    entropy: SeqEntropy,
    odds: Odds,
}

impl Dice {
    fn new(seed: u64, odds: Odds) -> Self {
        Self { entropy: SeqEntropy::new(seed), odds }
    }

    fn throw(&self) -> Fate {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        let Odds { refused, lost, delayed } = self.odds;
        let [refused, lost, delayed] = [refused, lost, delayed].map(u64::from);
        match u64::from_le_bytes(bytes) % 1_000 {
            number if number < refused => Fate::Refused,
            number if number < refused + lost => Fate::Lost,
            number if number < refused + lost + delayed => Fate::Delayed,
            _ => Fate::Served,
        }
    }

    /// Makes a call, or not, and gives its answer, or not.
    async fn play<T, E>(&self, call: impl Future<Output = Result<T, E>>, fault: impl Fn() -> E) -> Result<T, E> {
        match self.throw() {
            Fate::Served => call.await,
            Fate::Refused => Err(fault()),
            Fate::Lost => call.await.and_then(|_| Err(fault())),
            Fate::Delayed => {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
                call.await
            }
        }
    }
}

/// A store that fails now and then.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    dice: Dice,
}

impl FaultyStore {
    /// That store with these odds; equal seeds fail at equal calls.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, seed: u64, odds: Odds) -> Self {
        Self { inner, dice: Dice::new(seed, odds) }
    }
}

impl StoreDecorator for FaultyStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn around<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> Result<T, StoreError>
    where
        T: Send,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        let fault = || StoreError::Unavailable { reason: "this was to be expected", source: "a fault".into() };
        self.dice.play(call(), fault).await
    }
}

decorate_store!(FaultyStore);

/// A queue that fails now and then. Reservations are refused, and their answers are lost; waits never fail.
pub struct FaultyQueue {
    inner: Arc<dyn DispatchQueue>,
    /// Of reservations.
    giving: Dice,
    /// Of pushes and ends.
    taking: Dice,
}

impl FaultyQueue {
    /// That queue with these odds; equal seeds fail at equal calls.
    #[must_use]
    pub fn new(inner: Arc<dyn DispatchQueue>, seed: u64, odds: Odds) -> Self {
        Self { inner, giving: Dice::new(seed, odds), taking: Dice::new(!seed, odds) }
    }

    /// The same, but no answer to a reservation is lost: what was reserved then would wait for the end of its lease.
    #[must_use]
    pub fn giving_what_it_reserves(mut self) -> Self {
        self.giving.odds.lost = 0;
        self
    }
}

fn queue_fault() -> QueueError {
    QueueError::Unavailable("a fault that was to be expected".into())
}

#[async_trait::async_trait]
impl DispatchQueue for FaultyQueue {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        self.taking.play(self.inner.push(entries), queue_fault).await
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        self.giving.play(self.inner.reserve(max), queue_fault).await
    }

    fn reserve_new(&self, entry: &QueueEntry) -> bool {
        self.inner.reserve_new(entry)
    }

    fn expect_new(&self, entry: &QueueEntry) {
        self.inner.expect_new(entry);
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        self.taking.play(self.inner.finish(finished), queue_fault).await
    }

    async fn pushed(&self) {
        self.inner.pushed().await;
    }
}

/// Repeats every call until the store or queue behind it is available.
pub struct Patient<T: ?Sized>(pub Arc<T>);

impl StoreDecorator for Patient<dyn Store> {
    fn inner(&self) -> &dyn Store {
        &*self.0
    }

    async fn around<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> Result<T, StoreError>
    where
        T: Send,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        loop {
            match call().await {
                Err(StoreError::Unavailable { .. }) => {}
                answer => return answer,
            }
        }
    }
}

decorate_store!(Patient<dyn Store>);

#[async_trait::async_trait]
impl DispatchQueue for Patient<dyn DispatchQueue> {
    async fn push(&self, entries: &[QueueEntry]) -> Result<(), QueueError> {
        while self.0.push(entries).await.is_err() {}
        Ok(())
    }

    async fn reserve(&self, max: usize) -> Result<Reservation, QueueError> {
        loop {
            if let Ok(reservation) = self.0.reserve(max).await {
                return Ok(reservation);
            }
        }
    }

    fn reserve_new(&self, entry: &QueueEntry) -> bool {
        self.0.reserve_new(entry)
    }

    fn expect_new(&self, entry: &QueueEntry) {
        self.0.expect_new(entry);
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), QueueError> {
        while self.0.finish(finished).await.is_err() {}
        Ok(())
    }

    async fn pushed(&self) {
        self.0.pushed().await;
    }
}
