//! Ports in memory: the executable reference, and good enough to run on where nothing needs to last.

mod queue;

pub use queue::MemoryQueue;
