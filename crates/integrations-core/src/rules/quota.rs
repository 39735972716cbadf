//! The daily limit: how many retry windows an organization may open in any 24 hours.
//!
//! Each organization has a ledger of the windows it has opened, numbered from 1 in the order of opening. A window may
//! open when the one `limit` places before it is at least 24 hours old. Nothing is booked ahead, so a dispatch that
//! ends while it waits leaves no hole: whoever comes too early is told when to look again, by counting the dispatches
//! of its organization that wait for the limit in front of it, in the order of acceptance.

use std::time::Duration;

use jiff::Timestamp;

use super::Policy;
use crate::later;

/// The length of the day that the limit counts over.
pub const DAY: Duration = Duration::from_secs(86_400);

/// How soon to look again when it is the turn of others who should be here any moment.
const SOON: Duration = Duration::from_secs(1);

/// What the rule needs to know of an organization's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// How many dispatches of the organization are held for [`crate::HoldReason::DailyLimit`] and were accepted before
    /// this one. Counting may stop at the limit.
    pub ahead: u64,
    /// When the window with the number that [`Policy::gate`] gives was opened; none if the ledger has no such line.
    pub opened_at: Option<Timestamp>,
}

impl Policy {
    /// The number of the window that must be a day old before a dispatch may open one, where the ledger's last number
    /// is `opened` (0 if it is empty) and `ahead` is that of [`Ledger`]. There is no window 0.
    #[must_use]
    pub fn gate(&self, opened: u64, ahead: u64) -> u64 {
        let own = opened.saturating_add(1).saturating_add(ahead);
        own.saturating_sub(self.daily_limit.into()).min(opened)
    }

    /// When to look again; none if a window may open now.
    pub(super) fn limited(&self, ledger: Ledger, now: Timestamp) -> Option<Timestamp> {
        let mut turn = ledger.opened_at.map_or(now, |opened| later(opened, DAY));
        if ledger.ahead >= self.daily_limit.into() {
            turn = turn.max(later(now, SOON));
        }
        Some(turn).filter(|turn| *turn > now)
    }
}
