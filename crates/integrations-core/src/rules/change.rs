//! What persons and recoveries do to a dispatch.

use std::time::Duration;

use jiff::Timestamp;

use super::Policy;
use crate::{AttemptError, AttemptOutcome, CancelReason, DispatchState, DispatchStatus, HoldReason, Step};

impl DispatchState {
    /// Ends a waiting dispatch; `None` if it is not waiting.
    #[must_use]
    pub fn canceled(&self, reason: CancelReason) -> Option<Self> {
        let mut next = self.status.permits(Step::Cancel).then(|| self.clone())?;
        next.cancel(reason);
        Some(next)
    }

    /// Sends an ended dispatch again in a fresh window; `None` if it failed in no way that this could mend.
    #[must_use]
    pub fn replayed(&self, now: Timestamp) -> Option<Self> {
        let mut next = self.status.permits(Step::Replay).then(|| self.clone())?;
        next.leave_window();
        next.status = DispatchStatus::Pending;
        next.wait(now);
        Some(next)
    }

    /// Lets a held dispatch try again now; `None` if it is not waiting. It gets a fresh window, unless it is held for
    /// the daily limit: then it stays held, with all the time that it has waited, and only looks again earlier.
    #[must_use]
    pub fn released(&self, now: Timestamp) -> Option<Self> {
        let mut next = self.status.permits(Step::Release).then(|| self.clone())?;
        if next.is_held_for(HoldReason::DailyLimit) {
            next.due_at = Some(now);
        } else {
            next.leave_window();
            next.wait(now);
        }
        Some(next)
    }
}

impl Policy {
    /// Closes an attempt that was found open after a crash: the dispatch is due at once, or canceled if nobody waits for
    /// it any more. `None` if no attempt is open.
    ///
    /// When the attempt before it was interrupted too, the message may be what ends the process: then it waits as after
    /// a failure, without jitter, and fails if that is too long for its window.
    #[must_use]
    pub fn interrupted(
        &self,
        state: &DispatchState,
        deleted: Option<CancelReason>,
        now: Timestamp,
    ) -> Option<DispatchState> {
        let mut next = state.status.permits(Step::Interrupt).then(|| state.clone())?;
        let once_more = state.last_outcome == Some(AttemptOutcome::Interrupted);
        next.last_outcome = Some(AttemptOutcome::Interrupted);
        next.last_error = Some(AttemptError {
            code: AttemptOutcome::Interrupted,
            message: "the server stopped during this attempt; the message may have arrived".to_owned(),
            http_status: None,
        });
        next.status = DispatchStatus::RetryScheduled;
        if once_more {
            self.back_off(&mut next, Duration::ZERO, Duration::ZERO, now);
        } else {
            next.step += 1;
            next.wait(now);
        }
        if let Some(reason) = deleted {
            next.cancel(reason);
        }
        Some(next)
    }
}
