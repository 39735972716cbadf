//! Connecting: what a user filled in is verified with the service, sealed, and opened again.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::{Platform, PlatformError, Thing};
use crate::{
    Connection, DynProvider, FailureKind, FieldError, Integration, Message, Receipt, SealContext, SecretBytes,
    provider::Halves,
};

impl Platform {
    /// Verifies the settings, changed or not, and puts what came of it into the integration.
    pub(super) async fn reconnect(
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
    pub(super) async fn verify(
        &self,
        provider: &Arc<dyn DynProvider>,
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

    pub(super) async fn send_test(
        &self,
        provider: &Arc<dyn DynProvider>,
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

    pub(super) fn known_provider(&self, kind: &str) -> Result<&Arc<dyn DynProvider>, PlatformError> {
        self.provider(kind).map_err(|error| match error {
            PlatformError::NotFound(Thing::Provider) => {
                let known: Vec<_> = self.providers().map(|provider| provider.kind()).collect();
                PlatformError::invalid("/provider", format!("must be one of: {}", known.join(", ")))
            }
            other => other,
        })
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
