//! API keys: `intk_<identifier>_<secret>`, of which only a hash is stored.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Platform, PlatformError, accounts::checked_name, error::found};
use crate::{
    ApiKey, ApiKeyId, OrganizationId, Scope,
    store::{Page, Paged},
};

/// How every key begins, so that people and scanners recognise one.
const PREFIX: &str = "intk_";

impl Platform {
    /// Makes a key for an organization. The text is given out here and never again.
    ///
    /// # Errors
    /// The name is empty or too long, no scope is given, or the organization is not there.
    pub async fn create_api_key(
        &self,
        organization: OrganizationId,
        name: &str,
        scopes: BTreeSet<Scope>,
    ) -> Result<(ApiKey, SecretString), PlatformError> {
        let name = checked_name(name)?;
        if scopes.is_empty() {
            return Err(PlatformError::invalid("/scopes", "must name at least one of read, publish, manage"));
        }
        let mut secret = Zeroizing::new([0; 32]);
        self.ports().entropy.fill(&mut *secret);
        let id = ApiKeyId::generate(&*self.ports().clock, &*self.ports().entropy);
        let hash = Sha256::digest(*secret).into();
        let key = ApiKey { id, organization, name, scopes, hash, created_at: self.now() };
        let created = self.ports().store.create_api_key(&key).await?;
        found(created.then_some(()), organization)?;
        let digits = id.to_string();
        let digits = digits.trim_start_matches("key_");
        let text = SecretString::from(format!("{PREFIX}{digits}_{}", URL_SAFE_NO_PAD.encode(*secret)));
        Ok((key, text))
    }

    /// The stored key that a text is, if it is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn authenticate(&self, text: &str) -> Result<Option<ApiKey>, PlatformError> {
        let Some((id, hash)) = parse(text) else { return Ok(None) };
        let key = self.ports().store.find_api_key(id).await?;
        Ok(key.filter(|key| key.hash.ct_eq(&hash).into()))
    }

    /// The keys of an organization, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_api_keys(
        &self,
        organization: OrganizationId,
        page: Page,
    ) -> Result<Paged<ApiKey>, PlatformError> {
        Ok(self.ports().store.list_api_keys(organization, page).await?)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// It is not there.
    pub async fn delete_api_key(&self, organization: OrganizationId, id: ApiKeyId) -> Result<(), PlatformError> {
        let deleted = self.ports().store.delete_api_key(organization, id).await?;
        found(deleted.then_some(()), id)
    }
}

fn parse(text: &str) -> Option<(ApiKeyId, [u8; 32])> {
    let (digits, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
    let id = format!("key_{digits}").parse().ok()?;
    (secret.len() == 32).then(|| (id, Sha256::digest(&*secret).into()))
}
