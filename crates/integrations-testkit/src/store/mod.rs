//! What every store must do, by topic. An adapter proves all of it with `store_conformance!(make)`.

pub mod accounts;
pub mod addresses;
pub mod begin;
pub mod daily_limit;
pub mod dispatches;
pub mod events;
pub mod first_attempts;
pub mod held;
pub mod integrations;
pub mod lanes;
pub mod lost_answers;
pub mod races;
pub mod recovery;
pub mod reopen;
pub mod repeats;
pub mod reports;
pub mod settle;
pub mod tenants;

use std::{fmt::Debug, future::Future, sync::Arc};

use integrations_core::{
    Store, StoreError,
    store::{Conflict, Page, Paged},
};

use crate::scene::Scene;

/// What an adapter supplies: a fresh, empty store of its own for each test.
pub trait StoreHarness: Send + Sync {
    /// The store; the same at every call.
    fn store(&self) -> Arc<dyn Store>;

    /// The same data through a store that is opened anew.
    fn reopen(&self) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// Makes a `#[test]` of every case of every topic, in a module for each topic; the argument names an `async fn` in
/// scope that gives a fresh [`StoreHarness`](crate::store::StoreHarness).
#[macro_export]
macro_rules! store_conformance {
    ($make:ident) => {
        $crate::store_conformance! { $make:
            accounts store_accounts, addresses store_addresses, begin store_begin, daily_limit store_daily_limit,
            dispatches store_dispatches, events store_events, first_attempts store_first_attempts, held store_held, integrations store_integrations,
            lanes store_lanes, lost_answers store_lost_answers, races store_races, recovery store_recovery, reopen store_reopen, repeats store_repeats,
            reports store_reports, settle store_settle, tenants store_tenants,
        }
    };
    ($make:ident: $($topic:ident $suite:ident,)+) => {$(
        mod $topic {
            use super::$make;
            $crate::$suite!($make);
        }
    )+};
}

fn scene(harness: &impl StoreHarness) -> Scene {
    Scene::new(harness.store())
}

/// The conflict that a call must end in.
fn conflict<T: Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

/// Everything on a list, read in pieces.
async fn read_all<T, F>(limit: u32, list: impl Fn(Page) -> F) -> Vec<T>
where
    F: Future<Output = Result<Paged<T>, StoreError>>,
{
    let mut all = Vec::new();
    let mut page = Page::first(limit);
    loop {
        let piece = list(page).await.unwrap();
        assert!(piece.items.len() <= limit as usize, "a piece is too long");
        assert!(piece.next.is_none() || piece.items.len() == limit as usize, "a piece is short though more follows");
        all.extend(piece.items);
        let Some(next) = piece.next else { return all };
        page.after = Some(next);
    }
}
