//! Everything that the store knows, and the questions that several roles ask.

use std::collections::HashMap;

use super::{
    index::Dispatches,
    rows::{AddressRow, IntegrationRow, Seen, SeenKey, Windows},
    table::Table,
};
use crate::{
    AddressId, ApiKey, ApiKeyId, CancelReason, Dispatch, DispatchId, Event, EventId, Integration, IntegrationId,
    IntegrationStatus, LaneKey, Organization, OrganizationId, QueueEntry, Reach, Sealed,
    rules::{LaneState, LaneStates},
};

/// All the data.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) canary: Option<Sealed>,
    pub(super) organizations: Table<OrganizationId, Organization>,
    pub(super) keys: Table<ApiKeyId, ApiKey>,
    pub(super) integrations: Table<IntegrationId, IntegrationRow>,
    pub(super) addresses: Table<AddressId, AddressRow>,
    /// The addresses that are not deleted, by name.
    pub(super) address_names: HashMap<String, AddressId>,
    pub(super) events: HashMap<EventId, Event>,
    pub(super) seen: HashMap<SeenKey, Seen>,
    pub(super) dispatches: Dispatches,
    pub(super) windows: HashMap<OrganizationId, Windows>,
    /// The lanes that are not free, with the organization whose they are; none for those of providers.
    pub(super) lanes: HashMap<LaneKey, (Option<OrganizationId>, LaneState)>,
}

impl State {
    /// The integration, if it is not deleted.
    pub(super) fn integration(&self, id: IntegrationId) -> Option<&Integration> {
        self.integrations.get(id).filter(|row| !row.deleted).map(|row| &row.integration)
    }

    pub(super) fn is_active(&self, id: IntegrationId) -> bool {
        self.integration(id).is_some_and(|integration| integration.status == IntegrationStatus::Active)
    }

    /// The address of that organization, if it is not deleted.
    pub(super) fn address(&self, organization: OrganizationId, id: AddressId) -> Option<&AddressRow> {
        self.addresses.get(id).filter(|row| !row.deleted && row.address.organization == organization)
    }

    /// Why nobody waits for a dispatch any more, if that is so.
    pub(super) fn deleted(&self, dispatch: &Dispatch) -> Option<CancelReason> {
        if self.integration(dispatch.integration).is_none() {
            return Some(CancelReason::IntegrationDeleted);
        }
        let address = self.address(dispatch.organization, dispatch.address_id);
        address.is_none().then_some(CancelReason::AddressDeleted)
    }

    /// What a queue is told of a waiting dispatch.
    pub(super) fn entry(&self, id: DispatchId) -> Option<QueueEntry> {
        let dispatch = &self.dispatches.table().get(id)?.dispatch;
        Some(QueueEntry {
            dispatch: id,
            organization: dispatch.organization,
            lane: self.integrations.get(dispatch.integration)?.integration.lane_key(Reach::Destination),
            due: dispatch.state.due_at?,
            sequence: self.dispatches.table().sequence(id)?,
        })
    }

    pub(super) fn lanes(&self, integration: &Integration) -> LaneStates {
        let lane = |reach| self.lanes.get(&integration.lane_key(reach)).map(|(_, lane)| *lane).unwrap_or_default();
        LaneStates {
            destination: lane(Reach::Destination),
            credential: lane(Reach::Credential),
            provider: lane(Reach::Provider),
        }
    }

    /// The lane of that reach, to be changed.
    pub(super) fn lane_mut(&mut self, integration: &Integration, reach: Reach) -> &mut LaneState {
        let owner = (reach != Reach::Provider).then_some(integration.organization);
        let (_, lane) = self.lanes.entry(integration.lane_key(reach)).or_insert((owner, LaneState::default()));
        lane
    }
}
