//! The store in memory does what every store must do.

use std::sync::Arc;

use integrations_core::{Store, memory::MemoryStore};
use integrations_testkit::{store::StoreHarness, store_conformance};

struct Memory(Arc<MemoryStore>);

impl StoreHarness for Memory {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as Arc<dyn Store>
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        self.store()
    }
}

async fn memory() -> Memory {
    Memory(Arc::new(MemoryStore::new()))
}

store_conformance!(memory);
