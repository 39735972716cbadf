//! What Redis is told, merged: whatever waits goes out in one call as soon as the call before is done. So a busy queue
//! makes fewer, larger calls, an idle one sends at once, and nobody waits for a Redis that hangs longer than he wants.

use std::{sync::Arc, time::Duration};

use integrations_core::{Clock, Finished, QueueEntry};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    Fault,
    link::Link,
    scripts::{BATCH, Scripts},
    tell_of,
    wakes::Wakes,
};

/// How many callers may wait while Redis hangs. Beyond that they are refused at once, and a sweep brings what they had.
const ROOM: usize = 4096;

/// Takes what Redis is to be told.
pub(crate) struct Outbox {
    told: mpsc::Sender<Told>,
    _sender: AbortOnDropHandle<()>,
}

/// The other end, which sends it.
struct Sender {
    link: Arc<Link>,
    scripts: Arc<Scripts>,
    clock: Arc<dyn Clock>,
    wakes: Arc<Wakes>,
}

struct Told {
    what: What,
    answer: oneshot::Sender<Result<(), Fault>>,
}

enum What {
    Push(Vec<QueueEntry>),
    Finish(Vec<Finished>),
}

impl Outbox {
    pub(crate) fn open(link: Arc<Link>, scripts: Arc<Scripts>, clock: Arc<dyn Clock>, wakes: Arc<Wakes>) -> Self {
        let (told, waiting) = mpsc::channel(ROOM);
        let sender = Sender { link, scripts, clock, wakes };
        Self { told, _sender: AbortOnDropHandle::new(tokio::spawn(sender.run(waiting))) }
    }

    /// What takes longer than `patience` is sent nevertheless.
    pub(crate) async fn push(&self, entries: &[QueueEntry], patience: Duration) -> Result<(), Fault> {
        self.tell(What::Push(entries.to_vec()), patience).await
    }

    /// The same for entries that are given back.
    pub(crate) async fn finish(&self, finished: &[Finished], patience: Duration) -> Result<(), Fault> {
        self.tell(What::Finish(finished.to_vec()), patience).await
    }

    async fn tell(&self, what: What, patience: Duration) -> Result<(), Fault> {
        let (answer, answered) = oneshot::channel();
        self.told.try_send(Told { what, answer }).map_err(|_| Fault::Slow)?;
        match tokio::time::timeout(patience, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(Fault::Slow),
        }
    }
}

impl Sender {
    async fn run(self, mut waiting: mpsc::Receiver<Told>) {
        let mut told = Vec::new();
        while waiting.recv_many(&mut told, ROOM).await > 0 {
            let (mut finished, mut pushed) = (Batch::default(), Batch::default());
            for Told { what, answer } in told.drain(..) {
                match what {
                    What::Finish(items) => finished.add(items, answer),
                    What::Push(items) => pushed.add(items, answer),
                }
            }
            // In this order: an entry that is given back and pushed again must be there in the end.
            let outcome = self.finish(&finished.items).await;
            finished.settle(outcome);
            let outcome = self.push(&pushed.items).await;
            pushed.settle(outcome);
        }
    }

    async fn push(&self, entries: &[QueueEntry]) -> Result<(), Fault> {
        for entries in entries.chunks(BATCH) {
            tell_of(self.link.run(&self.scripts.push(entries, self.clock.now())).await?);
            self.wakes.pushed();
        }
        Ok(())
    }

    async fn finish(&self, finished: &[Finished]) -> Result<(), Fault> {
        for finished in finished.chunks(BATCH) {
            tell_of(self.link.run(&self.scripts.finish(finished, self.clock.now())).await?);
        }
        Ok(())
    }
}

/// What goes in one call, and who waits for it.
struct Batch<T> {
    items: Vec<T>,
    answers: Vec<oneshot::Sender<Result<(), Fault>>>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { items: Vec::new(), answers: Vec::new() }
    }
}

impl<T> Batch<T> {
    fn add(&mut self, items: Vec<T>, answer: oneshot::Sender<Result<(), Fault>>) {
        self.items.extend(items);
        self.answers.push(answer);
    }

    fn settle(self, outcome: Result<(), Fault>) {
        for answer in self.answers {
            // Who has given up does not listen.
            let _ = answer.send(outcome);
        }
    }
}
