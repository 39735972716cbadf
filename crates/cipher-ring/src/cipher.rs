//! The cipher over a ring of keys, and its envelope:
//! `0x01 | key id (4) | salt (16) | nonce (12) | ciphertext | tag (16)`.

use std::{fmt, sync::Arc};

use integrations_core::{CipherError, Entropy, SealContext, Sealed, SecretBytes, SecretCipher};
use ring::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{
    Key, KeyId,
    record_keys::{RecordKeys, SALT_LENGTH, derive},
};

/// The only version there is.
const VERSION: u8 = 1;
/// Everything before the ciphertext.
const HEADER_LENGTH: usize = 1 + KeyId::LENGTH + SALT_LENGTH + NONCE_LEN;

/// Seals under one key and opens under several.
pub struct RingCipher {
    current: Key,
    previous: Vec<Key>,
    entropy: Arc<dyn Entropy>,
    record_keys: RecordKeys,
}

impl RingCipher {
    /// A cipher that seals under `current` and also opens what was sealed under the `previous` keys.
    pub fn new(current: Key, previous: impl IntoIterator<Item = Key>, entropy: Arc<dyn Entropy>) -> Self {
        Self { current, previous: previous.into_iter().collect(), entropy, record_keys: RecordKeys::default() }
    }

    fn key(&self, id: KeyId) -> Result<&Key, CipherError> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.id() == id)
            .ok_or_else(|| CipherError::UnknownKey { key_id: id.to_string() })
    }
}

impl fmt::Debug for RingCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { current, previous, .. } = self;
        f.debug_struct("RingCipher").field("current", current).field("previous", previous).finish_non_exhaustive()
    }
}

impl SecretCipher for RingCipher {
    fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError> {
        let plain = plain.expose_secret();
        let (mut salt, mut nonce) = ([0; SALT_LENGTH], [0; NONCE_LEN]);
        self.entropy.fill(&mut salt);
        self.entropy.fill(&mut nonce);
        let id = self.current.id();

        // The whole length at once: growing would leave copies of the plaintext behind.
        let mut envelope = Vec::with_capacity(HEADER_LENGTH + plain.len() + AES_256_GCM.tag_len());
        envelope.push(VERSION);
        envelope.extend_from_slice(&id.0);
        envelope.extend_from_slice(&salt);
        envelope.extend_from_slice(&nonce);
        envelope.extend_from_slice(plain);
        let (_, text) = envelope.split_at_mut(HEADER_LENGTH);
        let tag = derive(&self.current, &salt)?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), associated_data(id, context), text)
            .map_err(|_| CipherError::Rejected)?;
        envelope.extend_from_slice(tag.as_ref());
        Ok(Sealed { envelope })
    }

    fn open(&self, context: SealContext, sealed: &Sealed) -> Result<SecretBytes, CipherError> {
        let Envelope { key_id, salt, nonce, ciphertext } = Envelope::read(sealed)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plain = self
            .record_keys
            .get(self.key(key_id)?, salt)?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), associated_data(key_id, context), &mut buffer)
            .map_err(|_| CipherError::Rejected)?;
        Ok(plain.to_vec().into())
    }
}

/// The id of the key under which a secret is sealed, whether or not that key is at hand.
///
/// # Errors
/// [`CipherError::Malformed`] if this is not an envelope of a known version.
pub fn key_id_of(sealed: &Sealed) -> Result<KeyId, CipherError> {
    Envelope::read(sealed).map(|envelope| envelope.key_id)
}

/// The parts of an envelope; `ciphertext` includes the tag.
struct Envelope<'a> {
    key_id: KeyId,
    salt: &'a [u8; SALT_LENGTH],
    nonce: &'a [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(sealed: &'a Sealed) -> Result<Self, CipherError> {
        let parts = || {
            let (&[version], rest) = sealed.envelope.split_first_chunk()?;
            let (key_id, rest) = rest.split_first_chunk()?;
            let (salt, rest) = rest.split_first_chunk()?;
            let (nonce, ciphertext) = rest.split_first_chunk()?;
            let whole = version == VERSION && ciphertext.len() >= AES_256_GCM.tag_len();
            whole.then_some(Self { key_id: KeyId(*key_id), salt, nonce, ciphertext })
        };
        parts().ok_or(CipherError::Malformed)
    }
}

/// What the tag covers besides the secret. Version and key id have a fixed length, so that no two inputs look alike.
fn associated_data(key_id: KeyId, context: SealContext) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION][..], &key_id.0, &context.associated_data()].concat())
}
