//! The installation's canary: whether the key is the one that everything is sealed under.

use super::{Platform, PlatformError};
use crate::SealContext;

impl Platform {
    /// Whether the cipher has the key under which this installation seals: opens the canary, or stores the first one.
    ///
    /// # Errors
    /// The key is another one, or the store failed.
    pub async fn check_key(&self) -> Result<(), PlatformError> {
        let stored = match self.ports().store.canary().await? {
            Some(stored) => stored,
            None => self.ports().store.ensure_canary(&self.canary()?).await?,
        };
        self.ports().cipher.open(SealContext::Canary, &stored)?;
        Ok(())
    }

    fn canary(&self) -> Result<crate::Sealed, PlatformError> {
        Ok(self.ports().cipher.seal(SealContext::Canary, &b"canary".to_vec().into())?)
    }
}
