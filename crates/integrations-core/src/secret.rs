//! Credentials: in memory, sealed, and the port that seals and opens them.

use secrecy::SecretSlice;

use crate::{IntegrationId, OrganizationId};

/// Secret bytes: wiped when dropped, redacted in `Debug`.
pub type SecretBytes = SecretSlice<u8>;

/// Seals credentials for storage, and opens them.
///
/// # Behavior
/// - Sealing the same plaintext twice gives different envelopes.
/// - What was sealed in one context opens in no other.
/// - Any changed, shortened or lengthened envelope is refused, and no input makes it panic.
/// - Envelopes sealed under an earlier key open as long as the cipher is given that key.
pub trait SecretCipher: Send + Sync {
    /// Seals under the current key.
    ///
    /// # Errors
    /// [`CipherError::Rejected`] if the plaintext is too long to seal.
    fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError>;

    /// Opens what [`SecretCipher::seal`] made in the same context.
    ///
    /// # Errors
    /// See [`CipherError`].
    fn open(&self, context: SealContext, sealed: &Sealed) -> Result<SecretBytes, CipherError>;
}

/// What a sealed secret is bound to, so that it cannot be moved to another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealContext {
    /// The credentials of an integration.
    Integration {
        /// Its organization.
        organization: OrganizationId,
        /// The integration.
        integration: IntegrationId,
        /// The version of the credentials.
        version: u32,
    },
    /// The installation's canary, which tells at the start whether the key is the right one.
    Canary,
}

impl SealContext {
    /// The bytes that a cipher authenticates together with the secret; different for different contexts.
    #[must_use]
    pub fn associated_data(self) -> Vec<u8> {
        match self {
            Self::Canary => b"canary".to_vec(),
            Self::Integration { organization, integration, version } => {
                let version = version.to_be_bytes();
                [&b"integration"[..], organization.as_bytes(), integration.as_bytes(), &version].concat()
            }
        }
    }
}

/// A sealed secret, as stores keep it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The envelope: version, key identifier and ciphertext, in the cipher's own format.
    pub envelope: Vec<u8>,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.envelope.len())
    }
}

/// Why a secret could not be sealed or opened. Says nothing about its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The envelope names a key that the cipher does not have.
    #[error("sealed under the key {key_id}, which is not configured; add it to the previous keys")]
    UnknownKey {
        /// The identifier of the key, in hexadecimal digits.
        key_id: String,
    },
    /// Wrong key, wrong context, or a changed envelope.
    #[error("the sealed secret was refused: wrong key, moved to another record, or damaged")]
    Rejected,
    /// Not an envelope of a known version.
    #[error("not a sealed secret of a known version")]
    Malformed,
}
