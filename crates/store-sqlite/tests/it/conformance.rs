//! Every case of the suite, on a file.

use std::sync::Arc;

use integrations_core::Store;
use integrations_testkit::{store::StoreHarness, store_conformance};
use store_sqlite::{OpenOptions, SqliteStore};

use crate::support::Place;

struct File {
    place: Place,
    store: SqliteStore,
}

impl StoreHarness for File {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn reopen(&self) -> Arc<dyn Store> {
        self.store.close().await;
        Arc::new(self.place.open_with(OpenOptions::default().exclusive(true)).await)
    }
}

async fn file() -> File {
    let place = Place::new();
    let store = place.open_with(OpenOptions::default().exclusive(true)).await;
    File { place, store }
}

store_conformance!(file);
