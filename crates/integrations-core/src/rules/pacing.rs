//! Lanes: waits that a service imposed, and rates that are kept without being told.

use jiff::Timestamp;

use crate::{Rate, later};

/// What stores keep of a lane. A lane that is not stored is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneState {
    /// Nothing goes before this, since the service said so.
    pub parked_until: Option<Timestamp>,
    /// The time at which the next message would go if all went at the steady rate (the "theoretical arrival time" of
    /// the generic cell rate algorithm, ITU-T I.371).
    pub steady_at: Option<Timestamp>,
}

impl LaneState {
    /// When a message that comes now may go at that rate.
    #[must_use]
    pub fn earliest(&self, rate: Rate, now: Timestamp) -> Timestamp {
        let Some(steady_at) = self.steady_at else { return now };
        let tolerance = i64::try_from(rate.tolerance().as_millis()).unwrap_or(i64::MAX);
        let earliest = Timestamp::from_millisecond(steady_at.as_millisecond().saturating_sub(tolerance));
        earliest.unwrap_or(now).max(now)
    }

    /// Counts a message that goes at `at`.
    pub fn take(&mut self, rate: Rate, at: Timestamp) {
        let from = self.steady_at.map_or(at, |steady| steady.max(at));
        self.steady_at = Some(later(from, rate.interval()));
    }

    /// Parks it until then, or longer if it is parked for longer.
    pub fn park(&mut self, until: Timestamp) {
        self.parked_until = self.parked_until.max(Some(until));
    }

    /// Whether it must wait at `now`, and until when.
    #[must_use]
    pub fn parked(&self, now: Timestamp) -> Option<Timestamp> {
        self.parked_until.filter(|until| *until > now)
    }
}
