//! The free slots of a simulation, for attempts that begin with the acceptance of their event.

use std::sync::{Arc, Mutex};

use integrations_core::{
    DispatchId, Platform, QueueEntry,
    store::{Begun, Slot, Slots},
};

use super::run::{Run, SLOTS};

pub(super) struct SimulatedSlots {
    pub(super) run: Arc<Mutex<Run>>,
    pub(super) platform: Platform,
}

struct Taken {
    run: Arc<Mutex<Run>>,
    dispatch: DispatchId,
    told: bool,
}

impl Slots for SimulatedSlots {
    fn take(&self, entry: &QueueEntry) -> Option<Box<dyn Slot>> {
        let has_slot = self.run.lock().unwrap().busy() < SLOTS;
        if !self.platform.reserve_new(entry, has_slot) {
            return None;
        }
        self.run.lock().unwrap().taken += 1;
        Some(Box::new(Taken { run: self.run.clone(), dispatch: entry.dispatch, told: false }))
    }
}

impl Slot for Taken {
    fn begun(mut self: Box<Self>, begun: Begun) {
        self.told = true;
        let mut run = self.run.lock().unwrap();
        match begun {
            Begun::Started(attempt) => run.started.push(*attempt),
            Begun::Waiting(due) => run.given_back.push((self.dispatch, Some(due))),
            Begun::Nothing => run.given_back.push((self.dispatch, None)),
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut run = self.run.lock().unwrap();
        run.taken -= 1;
        if !self.told {
            run.given_back.push((self.dispatch, None));
        }
    }
}
