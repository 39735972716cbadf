//! Asking two stores, and comparing what they say.

use std::fmt::Debug;

use integrations_core::{
    DispatchId, OrganizationId, QueueEntry, Store, StoreError,
    store::{Begun, DispatchFilter, Page, Paged, Recorded},
};

pub(super) type Stores<'a> = [&'a dyn Store; 2];

/// Asks both stores, checks that they answer the same words, and gives the answer.
macro_rules! both {
    ($stores:expr, |$store:ident| $call:expr) => {
        both!($stores, |$store| $call, words)
    };
    ($stores:expr, |$store:ident| $call:expr, $words:expr) => {{
        let [$store, reference] = $stores;
        let answer = $call.await;
        let $store = reference;
        assert_eq!($words(&answer), $words(&$call.await));
        answer
    }};
}
pub(super) use both;

pub(super) fn words(answer: &impl Debug) -> String {
    format!("{answer:?}")
}

/// Entries without their sequence numbers, which each store chooses.
pub(super) fn entries(entries: &[QueueEntry]) -> String {
    let entries = entries.iter().map(|QueueEntry { dispatch, organization, lane, due, .. }| {
        format!("{dispatch} of {organization} on {lane:?} at {due}")
    });
    entries.collect::<Vec<_>>().join("; ")
}

pub(super) fn swept(answer: &Result<Vec<QueueEntry>, StoreError>) -> String {
    entries(answer.as_ref().unwrap())
}

/// What came of events, and what was asked and told of slots for them.
pub(super) struct New {
    pub(super) recorded: Vec<Recorded>,
    pub(super) asked: Vec<QueueEntry>,
    pub(super) begun: Vec<(DispatchId, Begun)>,
}

pub(super) fn recorded(new: &New) -> String {
    let one = |recorded: &Recorded| match recorded {
        Recorded::Accepted { dispatch_count, entries: new } => format!("{dispatch_count}: {}", entries(new)),
        other => words(other),
    };
    let answers = new.recorded.iter().map(one).collect::<Vec<_>>().join(" | ");
    format!("{answers}, slots for {}: {:?}", entries(&new.asked), new.begun)
}

pub(super) fn items<T: Debug>(answer: &Result<Paged<T>, StoreError>) -> String {
    words(&answer.as_ref().unwrap().items)
}

/// Reads a list in pieces.
pub(super) async fn list(stores: Stores<'_>, organization: OrganizationId, filter: DispatchFilter, limit: u32) {
    let mut after = [None, None];
    loop {
        let mut pieces = Vec::new();
        for (store, after) in stores.iter().zip(&mut after) {
            let page = Page { limit, after: *after };
            let piece = store.list_dispatches(organization, filter, page).await.unwrap();
            *after = piece.next;
            pieces.push(piece);
        }
        assert_eq!(pieces[0].items, pieces[1].items);
        assert_eq!(after[0].is_some(), after[1].is_some());
        if after[0].is_none() {
            return;
        }
    }
}
