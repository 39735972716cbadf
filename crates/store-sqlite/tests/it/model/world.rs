//! What commands refer to, and how they are carried out on both stores.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    Address, DeliveryError, Dispatch, DispatchId, DispatchStatus, FailureKind, Integration, IntegrationId,
    IntegrationStatus, NewSubscription, OrganizationId, QueueEntry, Rate, Reach, Store, StoreError,
    rules::Policy,
    store::{
        Abandoned, AttemptReport, Begun, DeduplicationScope, DispatchFilter, FirstAttempts, Held, NewEvent, Page,
        Recipient, Recorded, StartedAttempt,
    },
};
use integrations_testkit::{
    builders::{self, Samples, failure, receipt},
    slots::CountedSlots,
};
use proptest::sample::Index;

use super::{
    Command,
    both::{New, Stores, both, entries, items, list, recorded, swept, words},
};

/// Everything that was made, the deleted included.
#[derive(Default)]
pub(super) struct World {
    samples: Samples,
    organizations: Vec<OrganizationId>,
    integrations: Vec<Integration>,
    addresses: Vec<Address>,
    dispatches: Vec<(OrganizationId, DispatchId)>,
    attempts: Vec<StartedAttempt>,
}

fn pick<'a, T>(from: &'a [T], index: &Index) -> Option<&'a T> {
    (!from.is_empty()).then(|| index.get(from))
}

fn policy() -> Policy {
    Policy { daily_limit: 3, max_hold: Duration::from_secs(200_000), ..Policy::default() }
}

/// One of the ways in which an attempt fails.
fn error(index: &Index) -> DeliveryError {
    const KINDS: [FailureKind; 9] = [
        FailureKind::Throttled,
        FailureKind::Unavailable,
        FailureKind::Timeout,
        FailureKind::Rejected,
        FailureKind::Unauthorized,
        FailureKind::Gone,
        FailureKind::Moved,
        FailureKind::Unconfirmed,
        FailureKind::Misconfigured,
    ];
    const REACHES: [Reach; 3] = [Reach::Destination, Reach::Credential, Reach::Provider];
    let number = index.index(KINDS.len() * REACHES.len() * 2);
    let kind = KINDS[number % KINDS.len()];
    let mut error = failure(kind);
    error.reach = REACHES[number / KINDS.len() % REACHES.len()];
    error.retry_after = (number.is_multiple_of(2)).then(|| Duration::from_secs(90));
    error.moved_to = (kind == FailureKind::Moved).then(|| Box::new(builders::connection("elsewhere")));
    error
}

impl World {
    /// Two organizations, each with two integrations and an address for both.
    pub(super) async fn with(stores: Stores<'_>) -> Self {
        let mut world = Self::default();
        for _ in 0..2 {
            world.organize(stores).await;
            let organization = world.organizations.last().copied().unwrap();
            for paced in [false, true] {
                world.connect(stores, organization, paced, 0).await;
            }
            world.open(stores, organization, &[true, true]).await;
        }
        world
    }

    pub(super) async fn run(&mut self, stores: Stores<'_>, command: &Command) {
        use Command as C;
        match command {
            C::Organize => self.organize(stores).await,
            C::Connect { organization, paced, limit } => {
                let Some(organization) = pick(&self.organizations, organization).copied() else { return };
                self.connect(stores, organization, *paced, *limit).await;
            }
            C::SetStatus { integration, status } => {
                let status = *status.get(IntegrationStatus::ALL);
                self.update(stores, integration, |changed| changed.status = status).await;
            }
            C::Imitate { integration, like } => {
                let Some(other) = pick(&self.integrations, like).cloned() else { return };
                let change = |changed: &mut Integration| changed.name = other.name.to_uppercase();
                self.update(stores, integration, change).await;
                let change = |changed: &mut Integration| changed.connection = other.connection;
                self.update(stores, integration, change).await;
            }
            C::Disconnect(integration) => self.disconnect(stores, integration).await,
            C::Open { organization, integrations } => {
                let Some(organization) = pick(&self.organizations, organization).copied() else { return };
                self.open(stores, organization, integrations).await;
            }
            C::Subscribe { address, integrations } => self.subscribe(stores, address, integrations).await,
            C::Close(address) => self.close(stores, address).await,
            C::Record { addresses, key, max_waiting, slots } => {
                self.record(stores, &self.events(addresses, *key), *max_waiting, *slots).await;
            }
            C::Begin(dispatches) => self.begin(stores, dispatches).await,
            C::Settle(attempts) => self.settle(stores, attempts).await,
            C::Interrupt { all, limit } => self.interrupt(stores, *all, *limit).await,
            C::Release { daily, limit } => self.release(stores, *daily, *limit).await,
            C::Cancel(dispatch) => self.cancel(stores, dispatch).await,
            C::Replay(dispatch) => self.replay(stores, dispatch).await,
            C::Pass(seconds) => self.samples.clock.advance(Duration::from_secs((*seconds).into())),
            C::Prune => both!(stores, |store| store.prune(self.samples.now())).unwrap(),
            C::Due { limit } => self.due(stores, *limit).await,
            C::List { organization, integration, address, status, limit } => {
                let Some(organization) = pick(&self.organizations, organization) else { return };
                let filter = DispatchFilter {
                    integration: integration.and_then(|index| Some(pick(&self.integrations, &index)?.id)),
                    address: address.and_then(|index| Some(pick(&self.addresses, &index)?.id)),
                    status: status.map(|index| *index.get(DispatchStatus::ALL)),
                };
                list(stores, *organization, filter, *limit).await;
            }
            C::Erase(organization) => self.erase(stores, organization).await,
        }
    }

    /// Compares all that can be read.
    pub(super) async fn read_everything(&self, stores: Stores<'_>) {
        let page = Page::first(1000);
        both!(stores, |store| store.list_organizations(page), items).unwrap();
        for organization in &self.organizations {
            both!(stores, |store| store.list_integrations(*organization, page), items).unwrap();
            both!(stores, |store| store.list_addresses(*organization, page), items).unwrap();
            both!(stores, |store| store.count_integrations(*organization)).unwrap();
            let integrations: Vec<IntegrationId> = self.integrations.iter().map(|integration| integration.id).collect();
            both!(stores, |store| store.address_counts(*organization, &integrations)).unwrap();
            list(stores, *organization, DispatchFilter::default(), 1000).await;
        }
        for (organization, id) in &self.dispatches {
            both!(stores, |store| store.dispatch(*organization, *id)).unwrap();
            both!(stores, |store| store.dispatch_with_attempts(*organization, *id)).unwrap();
        }
    }

    async fn organize(&mut self, stores: Stores<'_>) {
        let new = self.samples.organization();
        both!(stores, |store| store.create_organization(&new)).unwrap();
        self.organizations.push(new.id);
    }

    async fn connect(&mut self, stores: Stores<'_>, organization: OrganizationId, paced: bool, limit: u32) {
        let mut new = self.samples.integration(organization);
        if paced {
            new.connection = builders::paced(new.connection, Rate::new(20_000, 2));
        }
        if let Ok(true) = both!(stores, |store| store.create_integration(&new, limit)) {
            self.integrations.push(new);
        }
    }

    async fn update(&self, stores: Stores<'_>, index: &Index, change: impl FnOnce(&mut Integration)) {
        let Some(Integration { id, organization, .. }) = pick(&self.integrations, index) else { return };
        let Some(mut changed) = both!(stores, |store| store.integration(*organization, *id)).unwrap() else { return };
        change(&mut changed);
        changed.updated_at = self.samples.now();
        let _ = both!(stores, |store| store.update_integration(&changed));
    }

    async fn disconnect(&self, stores: Stores<'_>, index: &Index) {
        let Some(Integration { id, organization, .. }) = pick(&self.integrations, index) else { return };
        both!(stores, |store| store.delete_integration(*organization, *id, self.samples.now())).unwrap();
    }

    /// Wishes for some of the integrations of an organization, in the order in which they were made: the dispatches of
    /// one event are in no order, and each store has its own.
    fn wishes(&self, organization: OrganizationId, some: &[bool]) -> Vec<NewSubscription> {
        let own = self.integrations.iter().filter(|integration| integration.organization == organization);
        let wanted = own.zip(some).filter(|(_, wanted)| **wanted);
        wanted.map(|(integration, _)| self.samples.subscription(integration.id)).collect()
    }

    async fn open(&mut self, stores: Stores<'_>, organization: OrganizationId, some: &[bool]) {
        let (new, wishes) = (self.samples.address(organization), self.wishes(organization, some));
        if let Ok(Some(_)) = both!(stores, |store| store.create_address(&new, &wishes)) {
            self.addresses.push(new);
        }
    }

    async fn subscribe(&self, stores: Stores<'_>, index: &Index, some: &[bool]) {
        let Some(Address { id, organization, .. }) = pick(&self.addresses, index) else { return };
        let wishes = self.wishes(*organization, some);
        let _ = both!(stores, |store| store.set_subscriptions(*organization, *id, &wishes, self.samples.now()));
    }

    async fn close(&self, stores: Stores<'_>, index: &Index) {
        let Some(Address { id, organization, .. }) = pick(&self.addresses, index) else { return };
        both!(stores, |store| store.delete_address(*organization, *id, self.samples.now())).unwrap();
    }

    fn events(&self, at: &[(Index, bool)], key: Option<(bool, u8)>) -> Vec<NewEvent> {
        let places = at.iter().filter_map(|(index, by_name)| Some((pick(&self.addresses, index)?, *by_name)));
        let events = places.map(|(address, by_name)| {
            let name = Recipient::Name(address.name.as_str().to_owned());
            let scope = |everywhere| match everywhere {
                true => DeduplicationScope::Organization,
                false => DeduplicationScope::Address,
            };
            NewEvent {
                recipient: if by_name { name } else { Recipient::Id(address.id) },
                deduplication: key.map(|(everywhere, key)| self.samples.deduplication(scope(everywhere), key)),
                ..self.samples.event(address)
            }
        });
        events.collect()
    }

    /// With slots for so many first attempts, if anybody wants them.
    async fn record(&mut self, stores: Stores<'_>, events: &[NewEvent], max_waiting: u64, free: Option<usize>) {
        let now = self.samples.now();
        let record = async |store: &dyn Store| {
            let slots = Arc::new(CountedSlots::new(free.unwrap_or_default()));
            let first = free.map(|_| FirstAttempts { policy: policy(), now, slots: slots.clone() });
            let recorded = store.record(events, max_waiting, first.as_ref()).await.unwrap();
            assert_eq!(slots.given_back(), []);
            New { recorded, asked: slots.asked(), begun: slots.begun() }
        };
        let New { recorded, asked, begun } = both!(stores, |store| record(store), recorded);
        let queued = recorded.iter().flat_map(|recorded| match recorded {
            Recorded::Accepted { entries, .. } if free.is_none() => entries.as_slice(),
            _ => &[],
        });
        self.dispatches.extend(asked.iter().chain(queued).map(|entry| (entry.organization, entry.dispatch)));
        self.keep_attempts(begun.into_iter().map(|(_, begun)| begun));
    }

    async fn begin(&mut self, stores: Stores<'_>, indexes: &[Index]) {
        let ids = indexes.iter().filter_map(|index| Some(pick(&self.dispatches, index)?.1));
        let (ids, now): (Vec<_>, _) = (ids.collect(), self.samples.now());
        let begun = both!(stores, |store| store.begin(&ids, &policy(), now)).unwrap();
        self.keep_attempts(begun.into_iter());
    }

    fn keep_attempts(&mut self, begun: impl Iterator<Item = Begun>) {
        self.attempts.extend(begun.filter_map(|begun| match begun {
            Begun::Started(attempt) => Some(*attempt),
            _ => None,
        }));
    }

    async fn settle(&self, stores: Stores<'_>, ends: &[(Index, Option<Index>)]) {
        let reports = ends.iter().filter_map(|(index, failed)| {
            let attempt = pick(&self.attempts, index)?;
            Some(AttemptReport {
                dispatch: attempt.dispatch,
                generation: attempt.generation,
                revision: attempt.integration.revision,
                ended_at: self.samples.now(),
                result: failed.map_or_else(|| Ok(receipt()), |index| Err(error(&index))),
                jitter: Duration::from_secs(1),
            })
        });
        let reports: Vec<_> = reports.collect();
        both!(stores, |store| store.settle(&reports, &policy())).unwrap();
    }

    async fn interrupt(&self, stores: Stores<'_>, all: bool, limit: u32) {
        let which = if all { Abandoned::All } else { Abandoned::LeaseEnded };
        both!(stores, |store| store.interrupt(which, &policy(), self.samples.now(), limit), swept).unwrap();
    }

    async fn release(&self, stores: Stores<'_>, daily: bool, limit: u32) {
        let which = if daily { Held::ByDailyLimit } else { Held::ByIntegration };
        both!(stores, |store| store.release(which, self.samples.now(), limit), swept).unwrap();
    }

    async fn cancel(&self, stores: Stores<'_>, index: &Index) {
        let Some((organization, id)) = pick(&self.dispatches, index) else { return };
        both!(stores, |store| store.cancel(*organization, *id)).unwrap();
    }

    async fn replay(&self, stores: Stores<'_>, index: &Index) {
        let Some((organization, id)) = pick(&self.dispatches, index) else { return };
        let replayed = |answer: &Result<Option<(Dispatch, Option<QueueEntry>)>, StoreError>| match answer {
            Ok(Some((dispatch, entry))) => format!("{dispatch:?} {}", entries(entry.as_slice())),
            other => words(other),
        };
        both!(stores, |store| store.replay(*organization, *id, self.samples.now()), replayed).unwrap();
    }

    /// Reads what is due in pieces.
    async fn due(&self, stores: Stores<'_>, limit: u32) {
        let mut after = [None, None];
        loop {
            let mut pieces = Vec::new();
            for (store, after) in stores.iter().zip(&mut after) {
                let piece = store.due(self.samples.now(), *after, limit).await.unwrap();
                *after = piece.last().map(|entry| (entry.due, entry.sequence)).or(*after);
                pieces.push(piece);
            }
            assert_eq!(entries(&pieces[0]), entries(&pieces[1]));
            if pieces[0].len() < limit as usize {
                return;
            }
        }
    }

    async fn erase(&mut self, stores: Stores<'_>, index: &Index) {
        let Some(organization) = pick(&self.organizations, index).copied() else { return };
        both!(stores, |store| store.delete_organization(organization)).unwrap();
    }
}
