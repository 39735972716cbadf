//! The worker's steps, without a runtime: take, attempt, settle; and the sweeps that keep the queue honest.

use std::time::Duration;

use jiff::Timestamp;

use super::Platform;
use crate::{
    DeliveryError, DispatchId, Event, FailureKind, Finished, Message, Payload, QueueEntry, QueueError, Receipt,
    Reservation, StoreError, later,
    provider::Content,
    store::{Abandoned, AttemptReport, Begun, Held, Settled, StartedAttempt},
};

/// How far ahead of its time a dispatch is told to the queue. What is due later stays in the store alone.
pub const SWEEP_HORIZON: Duration = Duration::from_secs(60);

/// How long work that could not be begun is left alone.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How many dispatches are handled in one piece.
const PIECE: u32 = 1_000;

/// What a worker took.
#[derive(Debug, Default)]
pub struct Taken {
    /// Open attempts, to be made at once.
    pub attempts: Vec<StartedAttempt>,
    /// When to take again, if not earlier because of a push.
    pub next_due: Option<Timestamp>,
}

/// Why a worker's step failed. Nothing is lost: leases end, and sweeps find what is due.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Platform {
    /// Takes due work, at most `max`, and opens the attempts that may start now.
    ///
    /// # Errors
    /// Store or queue failed.
    pub async fn take(&self, max: usize) -> Result<Taken, WorkError> {
        let Reservation { entries, next_due } = self.ports().queue.reserve(max).await?;
        let attempts = self.begin(&entries).await?;
        // What does not begin now is given back to the queue, which knows of it only when it is asked again.
        let next_due = if attempts.len() < entries.len() { Some(self.now()) } else { next_due };
        Ok(Taken { attempts, next_due })
    }

    /// Opens the attempts of reserved work that may start now.
    ///
    /// # Errors
    /// Store or queue failed.
    pub async fn begin(&self, reserved: &[QueueEntry]) -> Result<Vec<StartedAttempt>, WorkError> {
        let ids: Vec<_> = reserved.iter().map(|entry| entry.dispatch).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let begun = match self.ports().store.begin(&ids, &self.settings().policy, self.now()).await {
            Ok(begun) => begun,
            Err(error) => {
                let again_at = Some(later(self.now(), PAUSE_AFTER_FAILURE));
                let back: Vec<_> = ids.iter().map(|id| Finished { dispatch: *id, again_at }).collect();
                self.ports().queue.finish(&back).await?;
                return Err(error.into());
            }
        };
        let mut attempts = Vec::new();
        let mut finished = Vec::new();
        for (dispatch, begun) in ids.into_iter().zip(begun) {
            match begun {
                Begun::Started(attempt) => attempts.push(*attempt),
                Begun::Waiting(due) => finished.push(self.finished(dispatch, Some(due))),
                Begun::Nothing => finished.push(self.finished(dispatch, None)),
            }
        }
        // Attempts are open: a queue that cannot be told must not keep them from being made.
        let _ = self.ports().queue.finish(&finished).await;
        Ok(attempts)
    }

    /// Reserves a dispatch that is being accepted, if there is a slot for it and nothing stands in its way.
    #[must_use]
    pub fn reserve_new(&self, entry: &QueueEntry, has_slot: bool) -> bool {
        let mut entry = entry.clone();
        self.lift_limit(&mut entry);
        let reserved = has_slot && self.ports().queue.reserve_new(&entry);
        if !reserved {
            self.ports().queue.expect_new(&entry);
        }
        reserved
    }

    /// Gives a reserved dispatch back that does not start: until it is due, or for good.
    pub async fn give_back(&self, dispatch: DispatchId, due: Option<Timestamp>) {
        // What the queue does not learn, the end of its lease tells it.
        let _ = self.ports().queue.finish(&[self.finished(dispatch, due)]).await;
    }

    /// Makes one attempt: opens the secret, renders, calls the service.
    ///
    /// # Errors
    /// A cleaned failure, to be settled like a success.
    pub async fn attempt(&self, attempt: &StartedAttempt) -> Result<Receipt, DeliveryError> {
        let integration = &attempt.integration;
        let Ok(provider) = self.provider(&integration.provider) else {
            return Err(DeliveryError::new(
                FailureKind::Gone,
                format!("this server has no provider \"{}\"", integration.provider),
            ));
        };
        // Held and not failed: with the right key, everything that waited goes out.
        let secret = self
            .ports()
            .cipher
            .open(super::connect::seal_context(integration), &integration.secret)
            .map_err(|error| DeliveryError::new(FailureKind::Unauthorized, error.to_string()))?;
        let message = Message {
            id: attempt.dispatch.to_string(),
            content: Content::Event(&attempt.event),
            open_url: self.open_url(&attempt.event),
        };
        let service = self.service(provider.description().egress);
        provider.deliver(&integration.connection.config, &secret, &message, service).await
    }

    /// The end of an attempt, as it is to be settled.
    #[must_use]
    pub fn report(&self, attempt: &StartedAttempt, result: Result<Receipt, DeliveryError>) -> AttemptReport {
        let draw = |_: &_| self.settings().policy.retry.draw(&*self.ports().entropy);
        AttemptReport {
            dispatch: attempt.dispatch,
            generation: attempt.generation,
            revision: attempt.integration.revision,
            ended_at: self.now(),
            jitter: result.as_ref().err().map(draw).unwrap_or_default(),
            result,
        }
    }

    /// Stores the ends of attempts.
    ///
    /// # Errors
    /// The store failed, and nothing is settled: try again as long as the lease lasts.
    pub async fn settle(&self, reports: &[AttemptReport]) -> Result<(), StoreError> {
        let settled = self.ports().store.settle(reports, &self.settings().policy).await?;
        let finished = reports.iter().zip(settled).map(|(report, settled)| match settled {
            Settled::Waiting(due) => self.finished(report.dispatch, Some(due)),
            Settled::Ended | Settled::Late => self.finished(report.dispatch, None),
        });
        let finished: Vec<_> = finished.collect();
        // It is settled in the store; what the queue does not learn, the end of its lease tells it.
        let _ = self.ports().queue.finish(&finished).await;
        Ok(())
    }

    /// Closes attempts that no worker has any more, and makes their dispatches due.
    ///
    /// # Errors
    /// Store or queue failed; what was closed before stays closed.
    pub async fn recover(&self, which: Abandoned) -> Result<u64, WorkError> {
        let mut count = 0;
        loop {
            let mut entries = self.ports().store.interrupt(which, &self.settings().policy, self.now(), PIECE).await?;
            self.tell(&mut entries).await?;
            count += entries.len() as u64;
            if entries.len() < PIECE as usize {
                return Ok(count);
            }
        }
    }

    /// Lets held dispatches try again.
    ///
    /// # Errors
    /// Store or queue failed; what was released before stays released.
    pub async fn release(&self, which: Held) -> Result<(), WorkError> {
        loop {
            let mut entries = self.ports().store.release(which, self.now(), PIECE).await?;
            self.tell(&mut entries).await?;
            if entries.len() < PIECE as usize {
                return Ok(());
            }
        }
    }

    /// Tells the queue of everything that is due soon, so that whatever it has forgotten comes back.
    ///
    /// # Errors
    /// Store or queue failed.
    pub async fn sweep(&self) -> Result<(), WorkError> {
        self.recover(Abandoned::LeaseEnded).await?;
        self.release(Held::ByIntegration).await?;
        let until = later(self.now(), SWEEP_HORIZON);
        let mut after = None;
        loop {
            let mut entries = self.ports().store.due(until, after, PIECE).await?;
            self.tell(&mut entries).await?;
            // A piece is not always full: what cannot be read is missing in it.
            let Some(last) = entries.last() else { return Ok(()) };
            after = Some((last.due, last.sequence));
        }
    }

    fn finished(&self, dispatch: DispatchId, due: Option<Timestamp>) -> Finished {
        let horizon = later(self.now(), SWEEP_HORIZON);
        Finished { dispatch, again_at: due.filter(|due| *due <= horizon) }
    }

    /// The page about an event, `{dashboard}/inbox/{address}/{mail}`.
    fn open_url(&self, event: &Event) -> Option<url::Url> {
        let mut url = self.settings().dashboard.clone().filter(|url| url.scheme() == "https")?;
        let Payload::EmailReceived(mail) = &event.payload;
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(["inbox", &event.address_id.to_string()])
            .extend(mail.email_id.as_deref());
        Some(url)
    }
}
