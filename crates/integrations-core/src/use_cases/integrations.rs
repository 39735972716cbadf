//! Integrations: verified before they are stored, and again when they change.

use serde_json::{Map, Value};

use super::{
    Platform, PlatformError,
    accounts::checked_name,
    connect::{seal_context, secret_bytes},
    error::found,
};
use crate::{
    Connection, Integration, IntegrationId, IntegrationStatus, OrganizationId, Receipt, Sealed, SecretBytes,
    store::{Conflict, DeletedIntegration, Held, Page, Paged},
};

/// What a user fills in.
#[derive(Clone)]
pub struct IntegrationInput {
    /// The provider's kind.
    pub provider: String,
    /// A name for people.
    pub name: String,
    /// The provider's form, both halves in one object.
    pub config: Map<String, Value>,
}

/// What a user changes.
#[derive(Clone, Default)]
pub struct IntegrationPatch {
    /// Another name.
    pub name: Option<String>,
    /// A JSON Merge Patch (RFC 7396) of the provider's form. Secrets that are absent are kept.
    pub config: Option<Map<String, Value>>,
    /// Whether it is to be used.
    pub status: Option<StatusWish>,
}

/// What users can wish for; disabled is not among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusWish {
    /// Verify it and use it; what was held goes out.
    Active,
    /// Hold what comes.
    Paused,
}

/// An integration as its owner reads it.
#[derive(Debug, Clone)]
pub struct IntegrationView {
    /// The integration.
    pub integration: Integration,
    /// How many addresses subscribe it.
    pub address_count: u64,
}

/// What a user filled in, accepted by the service.
struct Checked {
    name: String,
    connection: Connection,
    secret: SecretBytes,
}

impl Platform {
    /// Checks what a user filled in with the service, stores nothing, and sends a test message if asked to.
    ///
    /// # Errors
    /// The input is wrong, or the service does not accept it.
    pub async fn validate_integration(
        &self,
        input: IntegrationInput,
        send_test: bool,
    ) -> Result<(String, Connection), PlatformError> {
        let kind = input.provider.clone();
        let Checked { name, connection, secret } = self.check(input).await?;
        if send_test {
            self.send_test(self.known_provider(&kind)?, &connection.config, &secret, &name).await?;
        }
        Ok((name, connection))
    }

    /// Connects an organization to a destination.
    ///
    /// # Errors
    /// The organization has as many as it may, the input is wrong, the service does not accept it, or name or
    /// destination are in use.
    pub async fn create_integration(
        &self,
        organization: OrganizationId,
        input: IntegrationInput,
    ) -> Result<IntegrationView, PlatformError> {
        self.check_room(organization).await?;
        let provider = input.provider.clone();
        let Checked { name, connection, secret } = self.check(input).await?;
        let now = self.now();
        let mut integration = Integration {
            id: IntegrationId::generate(&*self.ports().clock, &*self.ports().entropy),
            organization,
            provider,
            name,
            status: IntegrationStatus::Active,
            status_reason: None,
            connection,
            secret: Sealed { envelope: Vec::new() },
            secret_version: 1,
            revision: 1,
            last_validated_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        integration.secret = self.ports().cipher.seal(seal_context(&integration), &secret)?;
        let created = self.ports().store.create_integration(&integration, self.settings().max_integrations).await?;
        found(created.then_some(()), organization)?;
        Ok(IntegrationView { integration, address_count: 0 })
    }

    async fn check(&self, input: IntegrationInput) -> Result<Checked, PlatformError> {
        let name = checked_name(&input.name)?;
        let provider = self.known_provider(&input.provider)?;
        let halves = provider.read(input.config).map_err(PlatformError::Invalid)?;
        let secret = secret_bytes(&halves.secret);
        let connection = self.verify(provider, halves.public.into(), &secret).await?;
        Ok(Checked { name, connection, secret })
    }

    /// Before the service is bothered; the store decides again when it writes.
    async fn check_room(&self, organization: OrganizationId) -> Result<(), PlatformError> {
        let limit = self.settings().max_integrations;
        if limit > 0 && self.ports().store.count_integrations(organization).await? >= limit {
            return Err(PlatformError::Conflict(Conflict::IntegrationLimitReached { limit }));
        }
        Ok(())
    }

    /// Finds an integration.
    ///
    /// # Errors
    /// It is not there.
    pub async fn integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<IntegrationView, PlatformError> {
        let integration = self.stored(organization, id).await?;
        self.view(integration).await
    }

    /// The integrations of an organization, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_integrations(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<IntegrationView>, PlatformError> {
        let integrations = self.ports().store.list_integrations(organization, page).await?;
        let ids: Vec<_> = integrations.items.iter().map(|integration| integration.id).collect();
        let mut counts = self.ports().store.address_counts(organization, &ids).await?.into_iter();
        Ok(integrations
            .map(|integration| IntegrationView { integration, address_count: counts.next().unwrap_or_default() }))
    }

    /// Changes an integration. Settings and activation are verified first; what was held goes out when it becomes
    /// active.
    ///
    /// # Errors
    /// As for a new one; or somebody else changed it in the meantime.
    pub async fn update_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
        patch: IntegrationPatch,
    ) -> Result<IntegrationView, PlatformError> {
        let mut integration = self.stored(organization, id).await?;
        if let Some(name) = &patch.name {
            integration.name = checked_name(name)?;
        }
        let activate = patch.status == Some(StatusWish::Active);
        if activate || patch.config.is_some() {
            self.reconnect(&mut integration, patch.config).await?;
            // Why it was stopped is not true any more.
            integration.status_reason =
                integration.status_reason.map(|_| "verified since it was stopped; set it active to use it".to_owned());
        }
        if let Some(wish) = patch.status {
            integration.status_reason = None;
            integration.status = match wish {
                StatusWish::Active => IntegrationStatus::Active,
                StatusWish::Paused => IntegrationStatus::Paused,
            };
        }
        integration.updated_at = self.now();
        let updated = self.ports().store.update_integration(&integration).await?;
        found(updated.then_some(()), id)?;
        if activate {
            // The change stands already; if this fails, the next sweep releases them.
            let _ = self.release(Held::ByIntegration).await;
        }
        integration.revision += 1;
        self.view(integration).await
    }

    /// Deletes an integration with its secret and subscriptions, and cancels what waits for it.
    ///
    /// # Errors
    /// It is not there.
    pub async fn delete_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<DeletedIntegration, PlatformError> {
        found(self.ports().store.delete_integration(organization, id, self.now()).await?, id)
    }

    /// Sends a test message through an integration, whatever its status.
    ///
    /// # Errors
    /// It is not there, or the service does not accept the message.
    pub async fn test_integration(
        &self,
        organization: OrganizationId,
        id: IntegrationId,
    ) -> Result<Receipt, PlatformError> {
        let integration = self.stored(organization, id).await?;
        let provider = self.known_provider(&integration.provider)?;
        let secret = self.open(&integration)?;
        self.send_test(provider, &integration.connection.config, &secret, &integration.name).await
    }

    async fn stored(&self, organization: OrganizationId, id: IntegrationId) -> Result<Integration, PlatformError> {
        found(self.ports().store.integration(organization, id).await?, id)
    }

    async fn view(&self, integration: Integration) -> Result<IntegrationView, PlatformError> {
        let counts = self.ports().store.address_counts(integration.organization, &[integration.id]).await?;
        Ok(IntegrationView { integration, address_count: counts.first().copied().unwrap_or_default() })
    }
}
