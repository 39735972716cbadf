//! A worker's free slots, for attempts that begin with the acceptance of their event.

use std::sync::Arc;

use integrations_core::{
    DispatchId, QueueEntry,
    store::{Begun, Slot, Slots},
};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::worker::Worker;

/// The slots of a worker.
pub(crate) struct WorkerSlots(pub(crate) Arc<Worker>);

/// A slot for a dispatch that the queue has reserved.
struct Taken {
    worker: Arc<Worker>,
    dispatch: DispatchId,
    /// None once an attempt has it.
    permit: Option<OwnedSemaphorePermit>,
    /// A stop waits for it.
    _token: TaskTrackerToken,
}

impl Slots for WorkerSlots {
    fn take(&self, entry: &QueueEntry) -> Option<Box<dyn Slot>> {
        let slot = self.0.free_slot();
        let reserved = self.0.platform().reserve_new(entry, slot.is_some());
        let (permit, token) = slot.filter(|_| reserved)?;
        let (worker, dispatch) = (self.0.clone(), entry.dispatch);
        Some(Box::new(Taken { worker, dispatch, permit: Some(permit), _token: token }))
    }
}

impl Slot for Taken {
    fn begun(mut self: Box<Self>, begun: Begun) {
        match begun {
            Begun::Started(attempt) => self.worker.start(*attempt, self.permit.take()),
            Begun::Waiting(due) => self.give_back(Some(due)),
            Begun::Nothing => self.give_back(None),
        }
    }
}

impl Taken {
    /// Tells the queue that no attempt is made.
    fn give_back(&mut self, due: Option<Timestamp>) {
        if let Some(permit) = self.permit.take() {
            self.worker.give_back(self.dispatch, due, permit);
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.give_back(None);
    }
}
