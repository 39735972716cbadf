//! The services of a simulated day: how they behave, and what they see.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use integrations_core::{DeliveryError, Entropy as _, FailureKind, elapsed, later};
use integrations_testkit::{
    clock::SeqEntropy,
    fakes::{Postbox, PostboxCall},
};
use jiff::Timestamp;

/// In milliseconds.
const MINUTE: u64 = 60_000;

/// How the service behind one box behaves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner {
    Reliable,
    /// Down from one minute of the simulation to another.
    Down {
        from: u64,
        until: u64,
    },
    /// Every so often asks for a wait.
    Throttling {
        one_in: u64,
        wait: Duration,
    },
    /// Every so often fails, loses its answer, or refuses.
    Flaky {
        one_in: u64,
    },
    /// Answers everything with a wait, for some minutes.
    Storm {
        from: u64,
        until: u64,
        wait: Duration,
    },
    /// Takes everything in and never answers.
    Dead,
}

/// What the services saw: when each attempt of each message came, and what was asked of it.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) attempts: BTreeMap<String, Vec<(Timestamp, Option<FailureKind>)>>,
    /// When a wait was asked for, and until when.
    waits: BTreeMap<String, (Timestamp, Timestamp)>,
    pub(super) too_early: Vec<String>,
}

pub(super) struct Chance(pub(super) SeqEntropy);

impl Chance {
    pub(super) fn below(&self, end: u64) -> u64 {
        let millis = self.0.up_to(Duration::from_millis(end - 1)).as_millis();
        u64::try_from(millis).unwrap()
    }

    pub(super) fn manner(&self) -> Manner {
        match self.below(7) {
            0 | 1 => Manner::Reliable,
            2 => {
                let from = self.below(20 * 60);
                Manner::Down { from: from * MINUTE, until: (from + self.below(26 * 60)) * MINUTE }
            }
            3 => Manner::Throttling { one_in: 5, wait: Duration::from_secs(1 + self.below(3_000)) },
            4 => Manner::Flaky { one_in: 3 },
            5 => {
                let from = self.below(20 * 60);
                let wait = Duration::from_secs(1 + self.below(600));
                Manner::Storm { from: from * MINUTE, until: (from + self.below(4 * 60)) * MINUTE, wait }
            }
            _ => Manner::Dead,
        }
    }
}

impl Manner {
    /// Whether it asks for waits, so that a window may last longer by them.
    pub(super) fn asks_to_wait(self) -> bool {
        matches!(self, Self::Throttling { .. } | Self::Storm { .. })
    }

    fn answer(self, chance: &Chance, since_start: Duration) -> Option<DeliveryError> {
        let error = |kind| Some(DeliveryError::new(kind, "the service says no"));
        let now = u64::try_from(since_start.as_millis()).unwrap();
        match self {
            Self::Reliable => None,
            Self::Down { from, until } if (from..until).contains(&now) => error(FailureKind::Unavailable),
            Self::Storm { from, until, wait } if (from..until).contains(&now) => {
                error(FailureKind::Throttled).map(|error| error.with_retry_after(Some(wait)))
            }
            Self::Throttling { one_in, wait } if chance.below(one_in) == 0 => {
                error(FailureKind::Throttled).map(|error| error.with_retry_after(Some(wait)))
            }
            Self::Flaky { one_in } if chance.below(one_in) == 0 => match chance.below(4) {
                0 => error(FailureKind::Rejected),
                1 => error(FailureKind::Unconfirmed),
                2 => error(FailureKind::Timeout),
                _ => error(FailureKind::Unavailable),
            },
            Self::Dead => error(FailureKind::Timeout),
            Self::Down { .. } | Self::Storm { .. } | Self::Throttling { .. } | Self::Flaky { .. } => None,
        }
    }
}

/// Answers as the manner of the box says, and writes down what it saw.
pub(super) fn service(
    postbox: &Postbox,
    seed: u64,
    manners: BTreeMap<String, Manner>,
    start: Timestamp,
) -> Arc<Mutex<Seen>> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (chance, shared) = (Chance(SeqEntropy::new(seed ^ 0x5eed)), seen.clone());
    postbox.answer_with(move |call: &PostboxCall| {
        let mut seen = shared.lock().unwrap();
        // Attempts of one instant are under way together, so only later ones can know.
        if seen.waits.get(&call.slot).is_some_and(|(asked, until)| *asked < call.now && call.now < *until) {
            seen.too_early.push(call.message.clone());
        }
        let answer = manners[&call.slot].answer(&chance, elapsed(start, call.now));
        if let Some(wait) = answer.as_ref().and_then(|error| error.retry_after) {
            seen.waits.insert(call.slot.clone(), (call.now, later(call.now, wait)));
        }
        let kind = answer.as_ref().map(|error| error.kind);
        seen.attempts.entry(call.message.clone()).or_default().push((call.now, kind));
        answer
    });
    seen
}
