//! Slots for first attempts that remember what they were told.

use std::sync::{Arc, Mutex};

use integrations_core::{
    DispatchId, QueueEntry,
    store::{Begun, Slot, Slots, StartedAttempt},
};

/// So many slots. Each is given once.
#[derive(Debug, Default)]
pub struct CountedSlots(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    free: usize,
    asked: Vec<QueueEntry>,
    begun: Vec<(DispatchId, Begun)>,
    given_back: Vec<DispatchId>,
}

struct CountedSlot {
    book: Arc<Mutex<Book>>,
    dispatch: DispatchId,
    told: bool,
}

impl CountedSlots {
    /// Slots for so many dispatches.
    #[must_use]
    pub fn new(free: usize) -> Self {
        Self(Arc::new(Mutex::new(Book { free, ..Book::default() })))
    }

    /// What was asked for since the last look.
    pub fn asked(&self) -> Vec<QueueEntry> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// What has begun since the last look, in the order in which it was told.
    pub fn begun(&self) -> Vec<(DispatchId, Begun)> {
        std::mem::take(&mut self.0.lock().unwrap().begun)
    }

    /// The attempts that have started since the last look; nothing else may have been told.
    pub fn started(&self) -> Vec<StartedAttempt> {
        let started = self.begun().into_iter().map(|(id, begun)| match begun {
            Begun::Started(attempt) => {
                assert_eq!(attempt.dispatch, id, "a slot was told of another dispatch");
                *attempt
            }
            other => panic!("{id} did not start: {other:?}"),
        });
        started.collect()
    }

    /// Those whose slot came back without a word.
    pub fn given_back(&self) -> Vec<DispatchId> {
        std::mem::take(&mut self.0.lock().unwrap().given_back)
    }
}

impl Slots for CountedSlots {
    fn take(&self, entry: &QueueEntry) -> Option<Box<dyn Slot>> {
        let mut book = self.0.lock().unwrap();
        book.asked.push(entry.clone());
        book.free = book.free.checked_sub(1)?;
        Some(Box::new(CountedSlot { book: self.0.clone(), dispatch: entry.dispatch, told: false }))
    }
}

impl Slot for CountedSlot {
    fn begun(mut self: Box<Self>, begun: Begun) {
        self.told = true;
        self.book.lock().unwrap().begun.push((self.dispatch, begun));
    }
}

impl Drop for CountedSlot {
    fn drop(&mut self) {
        if !self.told {
            self.book.lock().unwrap().given_back.push(self.dispatch);
        }
    }
}
