//! Integrations.

use jiff::Timestamp;

use super::{MemoryStore, rows::IntegrationRow, state::State};
use crate::{
    CancelReason, Integration, IntegrationId, OrganizationId, Sealed, StoreError,
    store::{Conflict, DeletedIntegration, IntegrationStore, Page, Paged},
};

#[async_trait::async_trait]
impl IntegrationStore for MemoryStore {
    async fn create_integration(&self, integration: &Integration, limit: u32) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.organizations.get(integration.organization).is_none() {
            return Ok(false);
        }
        let count = state.integrations_of(integration.organization).count();
        if limit > 0 && count >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(Conflict::IntegrationLimitReached { limit }.into());
        }
        state.check_unique(integration)?;
        state.integrations.insert(integration.id, IntegrationRow { integration: integration.clone(), deleted: false });
        Ok(true)
    }

    async fn integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<Option<Integration>, StoreError> {
        Ok(self.state().integration(id).filter(|integration| integration.organization == organization).cloned())
    }

    async fn list_integrations(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<Integration>, StoreError> {
        Ok(self.state().integrations.page(page, |row| {
            (!row.deleted && row.integration.organization == organization).then(|| row.integration.clone())
        }))
    }

    async fn count_integrations(&self, organization: OrganizationId) -> Result<u32, StoreError> {
        let count = self.state().integrations_of(organization).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn address_counts(
        &self,
        organization: OrganizationId,
        integrations: &[IntegrationId],
    ) -> Result<Vec<u64>, StoreError> {
        let state = self.state();
        let count = |id: &IntegrationId| {
            let addresses = state.addresses.iter().filter(|row| row.address.organization == organization);
            addresses.filter(|row| row.subscriptions.iter().any(|wish| wish.integration == *id)).count() as u64
        };
        Ok(integrations.iter().map(count).collect())
    }

    async fn update_integration(&self, changed: &Integration) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(current) = state.integration(changed.id).filter(|row| row.organization == changed.organization) else {
            return Ok(false);
        };
        if current.revision != changed.revision {
            return Err(Conflict::Outdated.into());
        }
        state.check_unique(changed)?;
        if let Some(row) = state.integrations.get_mut(changed.id) {
            row.integration = Integration { revision: changed.revision + 1, ..changed.clone() };
        }
        Ok(true)
    }

    async fn delete_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
        now: Timestamp,
    ) -> Result<Option<DeletedIntegration>, StoreError> {
        let mut state = self.state();
        let live = |row: &&mut IntegrationRow| !row.deleted && row.integration.organization == organization;
        let Some(row) = state.integrations.get_mut(id).filter(live) else { return Ok(None) };
        row.deleted = true;
        row.integration.secret = Sealed { envelope: Vec::new() };
        row.integration.updated_at = now;
        Ok(Some(DeletedIntegration {
            cleared_addresses: state.unsubscribe(id, now),
            canceled_dispatches: state.cancel_waiting(CancelReason::IntegrationDeleted, |row| row.integration == id),
        }))
    }
}

impl State {
    fn integrations_of(&self, organization: OrganizationId) -> impl Iterator<Item = &Integration> {
        let live = self.integrations.iter().filter(|row| !row.deleted).map(|row| &row.integration);
        live.filter(move |integration| integration.organization == organization)
    }

    /// Whether its name and its destination are not in use by another one.
    fn check_unique(&self, wanted: &Integration) -> Result<(), Conflict> {
        let others = || self.integrations_of(wanted.organization).filter(|other| other.id != wanted.id);
        let destination = |integration: &Integration| {
            let Integration { provider, connection, .. } = integration;
            (provider.clone(), connection.identity.clone())
        };
        if others().any(|other| other.name_key() == wanted.name_key()) {
            return Err(Conflict::IntegrationNameTaken);
        }
        if others().any(|other| destination(other) == destination(wanted)) {
            return Err(Conflict::IntegrationAlreadyConnected);
        }
        Ok(())
    }

    /// Removes its subscriptions; gives the number of addresses that had any.
    fn unsubscribe(&mut self, id: IntegrationId, now: Timestamp) -> u64 {
        let mut cleared = 0;
        for row in self.addresses.iter_mut() {
            let before = row.subscriptions.len();
            row.subscriptions.retain(|wish| wish.integration != id);
            if row.subscriptions.len() < before {
                row.address.updated_at = now;
                cleared += 1;
            }
        }
        cleared
    }
}
