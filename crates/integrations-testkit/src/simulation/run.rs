//! The worker and the sweeper of a simulation: the same steps as on a runtime, while the clock is moved for them.

use std::time::Duration;

use integrations_core::{
    DispatchId, FailureKind, Shares, later,
    store::{AttemptReport, StartedAttempt},
};
use jiff::Timestamp;

use super::Simulation;

/// As rarely as a sweep can come without being late for anything.
const SWEEP_EVERY: Duration = integrations_core::SWEEP_HORIZON;

/// How many attempts are made at a time.
pub(super) const SLOTS: usize = 64;

/// How much of them one lane and one organization may have.
pub(super) const SHARES: Shares = Shares { lane: 16, organization: 48 };

/// How long to wait after store or queue failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often the end of an attempt is reported at most.
const MAX_REPORTS: u32 = 40;

/// What goes on.
#[derive(Default)]
pub(super) struct Run {
    in_flight: Vec<InFlight>,
    /// Slots that are taken in a commit, and what has become of those before.
    pub(super) taken: usize,
    pub(super) started: Vec<StartedAttempt>,
    pub(super) given_back: Vec<(DispatchId, Option<Timestamp>)>,
    next_sweep: Option<Timestamp>,
}

/// An attempt that was made and is not settled.
struct InFlight {
    ends_at: Timestamp,
    report: AttemptReport,
    /// How often it was reported.
    reported: u32,
}

impl Run {
    /// How many slots are not free.
    pub(super) fn busy(&self) -> usize {
        self.in_flight.len() + self.taken + self.started.len()
    }
}

impl Simulation {
    /// Works and lets time pass, from one due time to the next, until so much of it is over.
    pub async fn run_for(&self, time: Duration) {
        let end = later(self.now(), time);
        loop {
            let next_sweep = self.sweep().await;
            let next_due = self.work().await;
            if self.now() >= end {
                return;
            }
            let next = next_due.unwrap_or(end).min(next_sweep).min(end);
            self.clock.set(next.max(self.now()));
        }
    }

    /// Sweeps if it is time, and says when it is next.
    async fn sweep(&self) -> Timestamp {
        let next = self.run.lock().unwrap().next_sweep;
        if let Some(next) = next.filter(|next| *next > self.now()) {
            return next;
        }
        let pause = match self.platform.sweep().await {
            Ok(()) => SWEEP_EVERY,
            Err(error) => {
                self.expect(&error);
                PAUSE_AFTER_FAILURE
            }
        };
        *self.run.lock().unwrap().next_sweep.insert(later(self.now(), pause))
    }

    /// Makes every attempt that is due now, and says when there is something to do next.
    pub async fn work(&self) -> Option<Timestamp> {
        loop {
            self.end_attempts().await;
            if self.make_first_attempts().await {
                continue;
            }
            let (free, next_end) = self.slots();
            if free == 0 {
                return next_end;
            }
            let taken = match self.platform.take(free).await {
                Ok(taken) => taken,
                Err(error) => {
                    self.expect(&error);
                    let again = later(self.now(), PAUSE_AFTER_FAILURE);
                    return next_end.min(Some(again)).or(Some(again));
                }
            };
            if taken.attempts.is_empty() && taken.next_due.is_none_or(|due| due > self.now()) {
                return taken.next_due.into_iter().chain(next_end).min();
            }
            for attempt in taken.attempts {
                self.make(attempt).await;
            }
        }
    }

    /// Makes what has begun with its acceptance, if there is something.
    async fn make_first_attempts(&self) -> bool {
        let (started, given_back) = {
            let mut run = self.run.lock().unwrap();
            (std::mem::take(&mut run.started), std::mem::take(&mut run.given_back))
        };
        let any = !started.is_empty();
        for attempt in started {
            self.make(attempt).await;
        }
        for (dispatch, due) in given_back {
            self.platform.give_back(dispatch, due).await;
        }
        any
    }

    async fn make(&self, attempt: StartedAttempt) {
        let result = self.platform.attempt(&attempt).await;
        let timed_out = result.as_ref().is_err_and(|error| error.kind == FailureKind::Timeout);
        let ends_at = if timed_out { later(self.now(), self.timeout) } else { self.now() };
        let report = AttemptReport { ended_at: ends_at, ..self.platform.report(&attempt, result) };
        self.run.lock().unwrap().in_flight.push(InFlight { ends_at, report, reported: 0 });
    }

    /// How many more attempts can be made now, and when there can be others.
    fn slots(&self) -> (usize, Option<Timestamp>) {
        let run = self.run.lock().unwrap();
        (SLOTS - run.busy(), run.in_flight.iter().map(|attempt| attempt.ends_at).min())
    }

    /// Settles what has ended.
    async fn end_attempts(&self) {
        let now = self.now();
        let ended: Vec<_> =
            self.run.lock().unwrap().in_flight.extract_if(.., |attempt| attempt.ends_at <= now).collect();
        for mut attempt in ended {
            if let Err(error) = self.platform.settle(std::slice::from_ref(&attempt.report)).await {
                self.expect(&error);
                attempt.reported += 1;
                attempt.ends_at = later(now, PAUSE_AFTER_FAILURE);
                if attempt.reported < MAX_REPORTS {
                    self.run.lock().unwrap().in_flight.push(attempt);
                }
            }
        }
    }
}
