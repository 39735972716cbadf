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
            integration.secret = self.ports().cipher.seal(seal_context(integration), &secret)?;
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
        self.ports().entropy.fill(&mut random);
        let message = Message::test(format!("test-{:016x}", u64::from_be_bytes(random)), name);
        let service = self.service(provider.description().egress);
        Ok(provider.deliver(config, secret, &message, service).await?)
    }

    /// Opens the credentials of an integration.
    pub(super) fn open(&self, integration: &Integration) -> Result<SecretBytes, PlatformError> {
        Ok(self.ports().cipher.open(seal_context(integration), &integration.secret)?)
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
    // A `null` takes the secret away, so that it is used nowhere.
    let missing = old.secret.keys().filter(|name| !changes.secret.contains_key(*name));
    let errors: Vec<_> = missing
        .map(|name| FieldError::new(format!("/config/{name}"), format!("must be given again, because {moved} changes")))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(PlatformError::Invalid(errors)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        DeliveryError, Egress, EventType, Provider, Receipt,
        provider::{Description, Target, Verified},
    };

    #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    struct Config {
        place: String,
    }

    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "its names are what counts")]
    struct Secret {
        key: String,
        previous: Option<String>,
    }

    struct Pigeon;

    impl Provider for Pigeon {
        const KIND: &'static str = "pigeon";
        type Config = Config;
        type Secret = Secret;

        fn describe(&self) -> Description {
            let destination_fields = &["place"];
            Description {
                name: "Pigeon",
                event_types: EventType::ALL,
                setup: "",
                destination_fields,
                egress: Egress::Guarded,
            }
        }

        async fn verify(&self, _: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
            Err(DeliveryError::new(FailureKind::Unavailable, "it sleeps"))
        }

        async fn deliver(&self, _: &Target<'_, Self>, _: &Message<'_>) -> Result<Receipt, DeliveryError> {
            Err(DeliveryError::new(FailureKind::Unavailable, "it sleeps"))
        }
    }

    /// The secrets that a change asks for.
    fn asked_for(changes: &Value) -> Vec<String> {
        let old = Halves {
            public: object(&json!({ "place": "here" })),
            secret: object(&json!({ "key": "one", "previous": "none" })),
        };
        let pigeon: &dyn DynProvider = &Pigeon;
        let changes = pigeon.split(object(changes));
        match check_destination(pigeon, &old, &changes, &merged(&old, &changes)) {
            Err(PlatformError::Invalid(errors)) => errors.into_iter().map(|error| error.pointer).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_new_destination_wants_every_secret_given_or_taken_away() {
        for (changes, missing) in [
            (json!({ "place": "there" }), vec!["/config/key", "/config/previous"]),
            (json!({ "place": "there", "key": "two" }), vec!["/config/previous"]),
            (json!({ "place": "there", "key": "two", "previous": null }), vec![]),
            (json!({ "place": "there", "key": "two", "previous": "one" }), vec![]),
            (json!({ "place": "here", "previous": null }), vec![]),
        ] {
            assert_eq!(asked_for(&changes), missing, "{changes}");
        }
    }
}
