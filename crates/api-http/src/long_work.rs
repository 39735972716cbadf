//! Work on what a request brings: mails are parsed, and text is cut to a preview.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::problem::{Answer, Code, Problem};

/// How many bytes are worked on where they are: that keeps others waiting for no longer than a few requests do.
const SHORT: usize = 32 << 10;

/// Threads for what is long, so that it keeps no other request waiting. There are as many as cores, since more would
/// finish nothing earlier and each takes memory; what finds none free waits for its turn.
pub(crate) struct LongWork {
    turns: Arc<Semaphore>,
}

impl LongWork {
    /// Nothing is worked on.
    pub(crate) fn new() -> Self {
        let threads = available_parallelism().map_or(1, NonZero::get);
        Self { turns: Arc::new(Semaphore::new(threads)) }
    }

    /// Works on so many bytes. If nobody waits for the outcome any more, work that has begun is finished.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Answer<T> {
        if bytes <= SHORT {
            return Ok(work());
        }
        let internal = Problem::new(Code::Internal);
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return Err(internal) };
        let working = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(|error| internal.caused_by(error))
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use super::*;

    #[tokio::test]
    async fn what_is_short_is_done_at_once() {
        let here = thread::current().id();
        let work = LongWork::new();
        let place = |bytes| work.run(bytes, || thread::current().id());
        assert_eq!(place(SHORT).await.ok(), Some(here));
        assert_ne!(place(SHORT + 1).await.ok(), Some(here));
    }

    #[tokio::test]
    async fn what_is_long_takes_turns_even_if_nobody_waits_for_it() {
        let work = LongWork { turns: Arc::new(Semaphore::new(1)) };
        let ((begin, begun), (go, gone)) = (mpsc::channel(), mpsc::channel());
        let mut first = Box::pin(work.run(SHORT + 1, move || begin.send(()).is_ok() && gone.recv().is_ok()));
        assert!(futures_util::poll!(&mut first).is_pending());
        begun.recv().unwrap();
        drop(first);
        assert_eq!(work.turns.available_permits(), 0);

        let mut second = Box::pin(work.run(SHORT + 1, || "done"));
        assert!(futures_util::poll!(&mut second).is_pending());
        go.send(()).unwrap();
        assert_eq!(second.await.ok(), Some("done"));
    }
}
