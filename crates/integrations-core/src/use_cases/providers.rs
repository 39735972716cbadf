//! What providers there are, and where a credential could send to.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Platform, PlatformError, Thing};
use crate::{DynProvider, provider::Place};

impl Platform {
    /// All providers, sorted by kind.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<dyn DynProvider>> {
        self.parts.registry.iter()
    }

    /// The provider of that kind.
    ///
    /// # Errors
    /// There is none.
    pub fn provider(&self, kind: &str) -> Result<&Arc<dyn DynProvider>, PlatformError> {
        self.parts.registry.get(kind).ok_or(PlatformError::NotFound(Thing::Provider))
    }

    /// The places that the credentials in `config` could send to; the rest of `config` may be missing.
    ///
    /// # Errors
    /// The provider is unknown, a credential is missing or malformed, or the service refuses.
    pub async fn targets(&self, kind: &str, config: Map<String, Value>) -> Result<Vec<Place>, PlatformError> {
        let provider = self.provider(kind)?;
        let secret = provider.read_secret(config).map_err(|error| PlatformError::Invalid(vec![error]))?;
        let egress = provider.description().egress;
        Ok(provider.targets(&super::connect::secret_bytes(&secret), self.service(egress)).await?)
    }
}
