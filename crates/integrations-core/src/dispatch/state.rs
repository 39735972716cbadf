//! What of a dispatch changes: the part that the rules read and write.

use std::time::Duration;

use jiff::Timestamp;

use super::{AttemptError, AttemptOutcome, CancelReason, DispatchStatus, FailReason, HoldReason, Reason};

/// The changing part of a dispatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchState {
    /// Where it stands.
    pub status: DispatchStatus,
    /// Why it waits, failed or was canceled.
    pub reason: Option<Reason>,
    /// Rises with every attempt that starts. A worker's writes carry it, and are refused when it has moved on.
    pub generation: u64,
    /// How many attempts were made, over all windows.
    pub attempt_count: u32,
    /// How many attempts of this window count for the backoff.
    pub step: u32,
    /// How many answers were lost in this window.
    pub lost_answers: u32,
    /// How the last attempt ended.
    pub last_outcome: Option<AttemptOutcome>,
    /// The end of the retry window; none before the first attempt of it.
    pub window_ends_at: Option<Timestamp>,
    /// When the present hold began.
    pub held_since: Option<Timestamp>,
    /// How long earlier holds of this window took together.
    pub held_before: Duration,
    /// When to look at it again, while it waits.
    pub due_at: Option<Timestamp>,
    /// Until when the open attempt belongs to its worker.
    pub lease_until: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<AttemptError>,
}

impl DispatchState {
    /// A dispatch that has just been accepted and may start at once.
    #[must_use]
    pub fn accepted(now: Timestamp) -> Self {
        Self {
            status: DispatchStatus::Pending,
            reason: None,
            generation: 0,
            attempt_count: 0,
            step: 0,
            lost_answers: 0,
            last_outcome: None,
            window_ends_at: None,
            held_since: None,
            held_before: Duration::ZERO,
            due_at: Some(now),
            lease_until: None,
            delivered_at: None,
            last_error: None,
        }
    }

    /// When the next attempt will be made, as far as that is known: not while its integration is off.
    #[must_use]
    pub fn next_attempt_at(&self) -> Option<Timestamp> {
        let off = [HoldReason::IntegrationPaused, HoldReason::IntegrationDisabled];
        self.due_at.filter(|_| !off.iter().any(|hold| self.reason == Some(Reason::Hold(*hold))))
    }

    pub(crate) fn is_held_for(&self, hold: HoldReason) -> bool {
        self.reason == Some(Reason::Hold(hold))
    }

    /// Takes it out of the window it was in: the next attempt opens another.
    pub(crate) fn leave_window(&mut self) {
        self.step = 0;
        self.lost_answers = 0;
        self.last_outcome = None;
        self.window_ends_at = None;
        self.held_since = None;
        self.held_before = Duration::ZERO;
    }

    fn end(&mut self, status: DispatchStatus, reason: Option<Reason>) {
        self.status = status;
        self.reason = reason;
        self.due_at = None;
        self.lease_until = None;
        self.held_since = None;
    }

    pub(crate) fn deliver(&mut self, at: Timestamp) {
        self.end(DispatchStatus::Delivered, None);
        self.delivered_at = Some(at);
        self.last_outcome = Some(AttemptOutcome::Delivered);
        self.last_error = None;
    }

    pub(crate) fn fail(&mut self, reason: FailReason) {
        self.end(DispatchStatus::Failed, Some(Reason::Fail(reason)));
    }

    pub(crate) fn cancel(&mut self, reason: CancelReason) {
        self.end(DispatchStatus::Canceled, Some(Reason::Cancel(reason)));
    }

    /// Waits until `due` without being held.
    pub(crate) fn wait(&mut self, due: Timestamp) {
        self.lease_until = None;
        self.reason = None;
        self.due_at = Some(due);
    }
}
