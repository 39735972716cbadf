//! Integrations: verified before they are stored, and again when they change.

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::{Platform, PlatformError, Thing, accounts::checked_name, error::found};
use crate::{
    Connection, DynProvider, FailureKind, FieldError, Integration, IntegrationId, IntegrationStatus, Message,
    OrganizationId, Receipt, SealContext, Sealed, SecretBytes,
    provider::Halves,
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
        let name = checked_name(&input.name)?;
        let provider = self.known_provider(&input.provider)?;
        let halves = provider.read(input.config).map_err(PlatformError::Invalid)?;
        let secret = secret_bytes(&halves.secret);
        let connection = self.verify(provider, Value::Object(halves.public), &secret).await?;
        if send_test {
            self.send_test(provider, &connection.config, &secret, &name).await?;
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
        let (provider, secret) = (input.provider.clone(), self.known_provider(&input.provider)?);
        let secret = secret.split(input.config.clone()).secret;
        let (name, connection) = self.validate_integration(input, false).await?;
        let id = IntegrationId::generate(&*self.ports.clock, &*self.ports.entropy);
        let context = SealContext::Integration { organization, integration: id, version: 1 };
        let now = self.now();
        let integration = Integration {
            id,
            organization,
            provider,
            name,
            status: IntegrationStatus::Active,
            status_reason: None,
            connection,
            secret: self.ports.cipher.seal(context, &secret_bytes(&secret))?,
            secret_version: 1,
            revision: 1,
            last_validated_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        let created = self.ports.store.create_integration(&integration, self.settings.max_integrations).await?;
        found(created.then_some(()), organization)?;
        Ok(IntegrationView { integration, address_count: 0 })
    }

    /// Before the service is bothered; the store decides again when it writes.
    async fn check_room(&self, organization: OrganizationId) -> Result<(), PlatformError> {
        let limit = self.settings.max_integrations;
        if limit > 0 && self.ports.store.count_integrations(organization).await? >= limit {
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
        let integrations = self.ports.store.list_integrations(organization, page).await?;
        let ids: Vec<_> = integrations.items.iter().map(|integration| integration.id).collect();
        let mut counts = self.ports.store.address_counts(organization, &ids).await?.into_iter();
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
        }
        if let Some(wish) = patch.status {
            integration.status_reason = None;
            integration.status = match wish {
                StatusWish::Active => IntegrationStatus::Active,
                StatusWish::Paused => IntegrationStatus::Paused,
            };
        }
        integration.updated_at = self.now();
        let updated = self.ports.store.update_integration(&integration).await?;
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
        found(self.ports.store.delete_integration(organization, id, self.now()).await?, id)
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
        found(self.ports.store.integration(organization, id).await?, id)
    }

    async fn view(&self, integration: Integration) -> Result<IntegrationView, PlatformError> {
        let counts = self.ports.store.address_counts(integration.organization, &[integration.id]).await?;
        Ok(IntegrationView { integration, address_count: counts.first().copied().unwrap_or_default() })
    }

    /// Verifies the settings, changed or not, and puts what came of it into the integration.
    async fn reconnect(
        &self,
        integration: &mut Integration,
        patch: Option<Map<String, Value>>,
    ) -> Result<(), PlatformError> {
        let provider = self.known_provider(&integration.provider)?;
        let old_secret = self.open(integration)?;
        let old = Halves { public: object(&integration.connection.config), secret: secret_object(&old_secret) };
        let changes = provider.split(patch.unwrap_or_default());
        let merged = merged(&old, &changes);
        check_destination(provider.as_ref(), &old, &changes, &merged)?;
        let secret_changed = merged.secret != old.secret;
        let both = merged.public.into_iter().chain(merged.secret).collect();
        let halves = provider.read(both).map_err(PlatformError::Invalid)?;
        let secret = secret_bytes(&halves.secret);
        integration.connection = self.verify(provider, Value::Object(halves.public), &secret).await?;
        integration.last_validated_at = Some(self.now());
        if secret_changed {
            integration.secret_version += 1;
            integration.secret = self.ports.cipher.seal(seal_context(integration), &secret)?;
        }
        Ok(())
    }

    /// Verifies; a destination that moved is followed.
    async fn verify(
        &self,
        provider: &std::sync::Arc<dyn DynProvider>,
        config: Value,
        secret: &SecretBytes,
    ) -> Result<Connection, PlatformError> {
        let service = self.service(provider.description().egress);
        match provider.verify(&config, secret, service).await {
            Err(error) if error.kind == FailureKind::Moved => {
                error.moved_to.clone().map(|connection| *connection).ok_or_else(|| error.into())
            }
            verified => Ok(verified?),
        }
    }

    async fn send_test(
        &self,
        provider: &std::sync::Arc<dyn DynProvider>,
        config: &Value,
        secret: &SecretBytes,
        name: &str,
    ) -> Result<Receipt, PlatformError> {
        let mut random = [0; 8];
        self.ports.entropy.fill(&mut random);
        let message = Message::test(format!("test-{:016x}", u64::from_be_bytes(random)), name);
        let service = self.service(provider.description().egress);
        Ok(provider.deliver(config, secret, &message, service).await?)
    }

    /// Opens the credentials of an integration.
    pub(super) fn open(&self, integration: &Integration) -> Result<SecretBytes, PlatformError> {
        Ok(self.ports.cipher.open(seal_context(integration), &integration.secret)?)
    }

    fn known_provider(&self, kind: &str) -> Result<&std::sync::Arc<dyn DynProvider>, PlatformError> {
        self.provider(kind).map_err(|error| match error {
            PlatformError::NotFound(Thing::Provider) => {
                let known: Vec<_> = self.providers().map(|provider| provider.kind()).collect();
                PlatformError::invalid("/provider", format!("must be one of: {}", known.join(", ")))
            }
            other => other,
        })
    }

    /// Whether the cipher has the key under which this installation seals: opens the canary, or stores the first one.
    ///
    /// # Errors
    /// The key is another one, or the store failed.
    pub async fn check_key(&self) -> Result<(), PlatformError> {
        let stored = match self.ports.store.canary().await? {
            Some(stored) => stored,
            None => self.ports.store.ensure_canary(&self.canary()?).await?,
        };
        self.ports.cipher.open(SealContext::Canary, &stored)?;
        Ok(())
    }

    fn canary(&self) -> Result<Sealed, PlatformError> {
        Ok(self.ports.cipher.seal(SealContext::Canary, &b"canary".to_vec().into())?)
    }
}

pub(super) fn seal_context(integration: &Integration) -> SealContext {
    SealContext::Integration {
        organization: integration.organization,
        integration: integration.id,
        version: integration.secret_version,
    }
}

pub(super) fn secret_bytes(secret: &Map<String, Value>) -> SecretBytes {
    Value::Object(secret.clone()).to_string().into_bytes().into()
}

fn secret_object(secret: &SecretBytes) -> Map<String, Value> {
    serde_json::from_slice(secret.expose_secret()).unwrap_or_default()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn merged(old: &Halves, changes: &Halves) -> Halves {
    Halves { public: merge(&old.public, &changes.public), secret: merge(&old.secret, &changes.secret) }
}

/// A JSON Merge Patch on the top level: `null` removes, everything else replaces.
fn merge(old: &Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = old.clone();
    for (name, value) in changes {
        if value.is_null() {
            merged.remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
    }
    merged
}

/// Somebody who may not see the secrets must not be able to have them used elsewhere.
fn check_destination(
    provider: &dyn DynProvider,
    old: &Halves,
    changes: &Halves,
    merged: &Halves,
) -> Result<(), PlatformError> {
    let fields = provider.description().destination_fields;
    let Some(moved) = fields.iter().find(|field| old.public.get(**field) != merged.public.get(**field)) else {
        return Ok(());
    };
    let missing = old.secret.keys().filter(|name| changes.secret.get(*name).is_none_or(Value::is_null));
    let errors: Vec<_> = missing
        .map(|name| FieldError::new(format!("/config/{name}"), format!("must be given again, because {moved} changes")))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(PlatformError::Invalid(errors)) }
}
