//! Makes one call of a script out of what many callers ask for at once: whatever waits goes together as soon as the call
//! before is done. There is no timer, so an idle queue answers at once, and a busy one makes fewer, larger calls.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use crate::{Fault, scripts::BATCH};

/// How many callers may wait.
const WAITING: usize = 4096;

/// The way to the task that makes the calls.
pub(crate) struct Merger<T> {
    asks: mpsc::Sender<Ask<T>>,
    _task: AbortOnDropHandle<()>,
}

/// What one caller asks for, at most [`BATCH`].
struct Ask<T> {
    items: Vec<T>,
    done: oneshot::Sender<Result<(), Fault>>,
}

impl<T: Send + 'static> Merger<T> {
    /// `call` does what it is given, at most [`BATCH`], and takes a bounded time.
    pub(crate) fn start<F>(call: impl Fn(Vec<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Fault>> + Send + 'static,
    {
        let (asks, waiting) = mpsc::channel(WAITING);
        Self { asks, _task: AbortOnDropHandle::new(tokio::spawn(run(waiting, call))) }
    }

    /// Returns when it is done, or after `patience`. It may be done later then, or not at all.
    pub(crate) async fn ask(&self, items: Vec<T>, patience: Duration) -> Result<(), Fault> {
        let (done, answer) = oneshot::channel();
        // Where so many wait, there is no answer in time.
        self.asks.try_send(Ask { items, done }).map_err(|_full| Fault::Slow)?;
        match tokio::time::timeout(patience, answer).await {
            Ok(answer) => answer.unwrap_or(Err(Fault::Slow)),
            Err(_elapsed) => Err(Fault::Slow),
        }
    }
}

async fn run<T, F>(mut waiting: mpsc::Receiver<Ask<T>>, call: impl Fn(Vec<T>) -> F)
where
    F: Future<Output = Result<(), Fault>>,
{
    let mut next = waiting.recv().await;
    while let Some(Ask { mut items, done }) = next.take() {
        let mut callers = vec![done];
        // One that no longer fits begins the next call.
        while let Ok(ask) = waiting.try_recv() {
            if items.len() + ask.items.len() > BATCH {
                next = Some(ask);
                break;
            }
            items.extend(ask.items);
            callers.push(ask.done);
        }
        let answer = call(items).await;
        if let Err(fault) = answer {
            // Those who came meanwhile need not find out for themselves.
            callers.extend(next.take().map(|ask| ask.done));
            while let Ok(ask) = waiting.try_recv() {
                callers.push(ask.done);
            }
            tracing::debug!(callers = callers.len(), %fault, "Redis did not take what they asked for");
        }
        for done in callers {
            // Who has given up waiting does not hear it.
            let _ = done.send(answer);
        }
        if next.is_none() {
            next = waiting.recv().await;
        }
    }
}
