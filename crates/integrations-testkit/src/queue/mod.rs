//! What every queue must do, by topic. An adapter proves all of it with `queue_conformance!(make)`.

pub mod arriving;
pub mod waiting;

use std::{sync::Arc, time::Duration};

use integrations_core::{
    DispatchId, DispatchQueue, EventId, Finished, IntegrationId, LaneKey, OrganizationId, QueueEntry, Shares,
};
use jiff::Timestamp;

use crate::clock::{ManualClock, SeqEntropy};

/// What an adapter supplies: a fresh, empty queue of its own for each test.
pub trait QueueHarness: Send + Sync {
    /// The queue, with [`SHARES`] and [`LEASE`].
    fn queue(&self) -> Arc<dyn DispatchQueue>;

    /// The queue's time.
    fn now(&self) -> Timestamp;

    /// Lets time pass: a manual clock is set forward, a real one waited for.
    fn pass(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// Makes a `#[test]` of every case of every topic, in a module for each topic; the argument names an `async fn` in
/// scope that gives a fresh [`QueueHarness`](crate::queue::QueueHarness).
#[macro_export]
macro_rules! queue_conformance {
    ($make:ident) => {
        mod arriving {
            use super::$make;
            $crate::queue_arriving!($make);
        }
        mod waiting {
            use super::$make;
            $crate::queue_waiting!($make);
        }
    };
}

/// The shares that the queue of a harness has.
pub const SHARES: Shares = Shares { lane: 2, organization: 3 };

/// The lease that the queue of a harness gives.
pub const LEASE: Duration = Duration::from_millis(1_500);

/// A moment that passes also in real time.
const MOMENT: Duration = Duration::from_millis(300);

struct Entries {
    entropy: SeqEntropy,
    clock: ManualClock,
    now: Timestamp,
    sequence: u64,
}

impl Entries {
    fn new(harness: &impl QueueHarness) -> Self {
        Self { entropy: SeqEntropy::default(), clock: ManualClock::default(), now: harness.now(), sequence: 0 }
    }

    fn organization(&self) -> OrganizationId {
        OrganizationId::generate(&self.clock, &self.entropy)
    }

    /// An entry that has just become due.
    fn due(&mut self, organization: OrganizationId, lane: &str) -> QueueEntry {
        self.sequence += 1;
        let event = EventId::generate(&self.clock, &self.entropy);
        let integration = IntegrationId::generate(&self.clock, &self.entropy);
        QueueEntry {
            dispatch: DispatchId::derive(event, integration),
            organization,
            lane: LaneKey::from_stored(format!("{organization}/{lane}")),
            due: self.now,
            sequence: self.sequence,
        }
    }

    fn many(&mut self, count: usize, organization: OrganizationId, lane: &str) -> Vec<QueueEntry> {
        (0..count).map(|_| self.due(organization, lane)).collect()
    }
}

async fn take(queue: &Arc<dyn DispatchQueue>, max: usize) -> Vec<DispatchId> {
    queue.reserve(max).await.unwrap().entries.into_iter().map(|entry| entry.dispatch).collect()
}

async fn forget(queue: &Arc<dyn DispatchQueue>, dispatches: &[DispatchId]) {
    let finished: Vec<_> = dispatches.iter().map(|id| Finished { dispatch: *id, again_at: None }).collect();
    queue.finish(&finished).await.unwrap();
}

fn ids(entries: &[QueueEntry]) -> Vec<DispatchId> {
    entries.iter().map(|entry| entry.dispatch).collect()
}
