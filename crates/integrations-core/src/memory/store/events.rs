//! Accepting events.

use std::collections::HashSet;

use super::{
    MemoryStore,
    rows::{AddressRow, Seen, SeenKey},
    state::State,
};
use crate::{
    Dispatch, DispatchId, DispatchState, Event, StoreError,
    store::{Begun, Deduplication, DeduplicationScope, EventStore, FirstAttempts, NewEvent, Recipient, Recorded},
};

#[async_trait::async_trait]
impl EventStore for MemoryStore {
    async fn record(
        &self,
        events: &[NewEvent],
        max_waiting: u64,
        first: Option<&FirstAttempts>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let mut begun = Vec::new();
        let mut state = self.state();
        let organizations: HashSet<_> = events.iter().map(|new| new.organization).collect();
        let mut full = organizations;
        full.retain(|organization| max_waiting > 0 && state.dispatches.waiting(*organization) > max_waiting);
        let recorded = events.iter().map(|new| {
            let mut recorded = state.record(new, full.contains(&new.organization));
            if let (Recorded::Accepted { entries, .. }, Some(first)) = (&mut recorded, first) {
                entries.retain(|entry| match first.slots.take(entry) {
                    Some(slot) => {
                        begun.push((slot, state.begin(entry.dispatch, &first.policy, first.now)));
                        false
                    }
                    None => true,
                });
            }
            recorded
        });
        let recorded = recorded.collect();
        drop(state);
        for (slot, begun) in begun {
            slot.begun(begun.unwrap_or(Begun::Nothing));
        }
        Ok(recorded)
    }
}

impl State {
    fn record(&mut self, new: &NewEvent, full: bool) -> Recorded {
        let address = self.recipient(new);
        let seen_key = new.deduplication.and_then(|dedup| seen_key(new, dedup, address));
        if let Some(repeat) = seen_key.and_then(|key| self.repeat(key, new)) {
            return repeat;
        }
        let Some(address) = address else { return Recorded::UnknownAddress };
        if full {
            return Recorded::TooMuchWaiting;
        }
        let event = Event {
            id: new.id,
            organization: new.organization,
            address_id: address.address.id,
            address: address.address.name.as_str().to_owned(),
            occurred_at: new.occurred_at,
            received_at: new.received_at,
            payload: new.payload.clone(),
        };
        let dispatches = self.dispatches_of(&event, address);
        if let (Some(key), Some(dedup)) = (seen_key, new.deduplication) {
            let Deduplication { fingerprint, expires_at, .. } = dedup;
            let dispatch_count = dispatches.len() as u64;
            self.seen.insert(key, Seen { event: new.id, dispatch_count, fingerprint, expires_at });
        }
        self.events.insert(event.id, event);
        let ids: Vec<_> = dispatches.iter().map(|dispatch| dispatch.id).collect();
        for dispatch in dispatches {
            self.dispatches.insert(dispatch);
        }
        let dispatch_count = ids.len() as u64;
        Recorded::Accepted { dispatch_count, entries: ids.into_iter().filter_map(|id| self.entry(id)).collect() }
    }

    fn recipient(&self, new: &NewEvent) -> Option<&AddressRow> {
        let id = match &new.recipient {
            Recipient::Name(name) => *self.address_names.get(name)?,
            Recipient::Id(id) => *id,
        };
        self.address(new.organization, id)
    }

    /// The answer to an event that was accepted before.
    fn repeat(&self, key: SeenKey, new: &NewEvent) -> Option<Recorded> {
        let seen = self.seen.get(&key).filter(|seen| new.received_at < seen.expires_at)?;
        let same = new.deduplication.is_some_and(|dedup| dedup.fingerprint == seen.fingerprint);
        Some(if same {
            Recorded::Duplicate { event: seen.event, dispatch_count: seen.dispatch_count }
        } else {
            Recorded::Mismatch
        })
    }

    /// One for each subscription of the address to that type.
    fn dispatches_of(&self, event: &Event, address: &AddressRow) -> Vec<Dispatch> {
        let event_type = event.event_type();
        let wishes = address.subscriptions.iter().filter(|wish| wish.event_type == event_type);
        let dispatches = wishes.filter_map(|wish| {
            let integration = self.integration(wish.integration)?;
            Some(Dispatch {
                id: DispatchId::derive(event.id, integration.id),
                organization: event.organization,
                event: event.id,
                event_type,
                integration: integration.id,
                provider: integration.provider.clone(),
                address_id: event.address_id,
                address: event.address.clone(),
                subject: event.payload.subject().map(str::to_owned),
                state: DispatchState::accepted(event.received_at),
                created_at: event.received_at,
            })
        });
        dispatches.collect()
    }
}

/// None if the key is unique at an address which is not there.
fn seen_key(new: &NewEvent, dedup: Deduplication, address: Option<&AddressRow>) -> Option<SeenKey> {
    let at = match dedup.scope {
        DeduplicationScope::Organization => None,
        DeduplicationScope::Address => Some(address?.address.id),
    };
    Some((dedup.key, new.organization, at))
}
