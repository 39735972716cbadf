//! The store in memory, one file for each role of the port.

mod accounts;
mod addresses;
mod dispatches;
mod events;
mod index;
mod integrations;
mod rows;
mod settle;
mod state;
mod table;
mod work;

use std::sync::{Mutex, MutexGuard, PoisonError};

use state::State;

/// A store that forgets everything when it is dropped. It keeps every rule of the port but durability.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every method is one critical section, which makes it atomic. Methods check before they write, so that one which
    /// fails has changed nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
