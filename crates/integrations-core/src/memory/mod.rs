//! Ports in memory: the executable reference, and good enough to run on where nothing needs to last.

mod queue;
mod store;

pub use queue::MemoryQueue;
pub use store::MemoryStore;
