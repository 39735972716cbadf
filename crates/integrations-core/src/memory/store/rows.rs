//! What the store keeps of each thing.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Address, AddressId, Attempt, Dispatch, EventId, Integration, NewSubscription, OrganizationId};

/// An integration; deleted ones stay for their history, without their secret.
#[derive(Debug)]
pub(super) struct IntegrationRow {
    pub(super) integration: Integration,
    pub(super) deleted: bool,
}

/// An address; deleted ones stay for their history.
#[derive(Debug)]
pub(super) struct AddressRow {
    pub(super) address: Address,
    pub(super) subscriptions: Vec<NewSubscription>,
    pub(super) deleted: bool,
}

/// A dispatch with its log.
#[derive(Debug)]
pub(super) struct DispatchRow {
    pub(super) dispatch: Dispatch,
    pub(super) attempts: Vec<Attempt>,
}

/// By what a repeat is found: key, organization, and address where the key is unique at that only.
pub(super) type SeenKey = ([u8; 32], OrganizationId, Option<AddressId>);

/// What is remembered of an event against repeats.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) event: EventId,
    pub(super) dispatch_count: u64,
    pub(super) fingerprint: [u8; 32],
    pub(super) expires_at: Timestamp,
}

/// When an organization opened its windows, by number.
pub(super) type Windows = BTreeMap<u64, Timestamp>;
