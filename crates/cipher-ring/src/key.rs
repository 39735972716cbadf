//! An encryption key of the installation: reading, making and naming it.

use std::fmt;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use integrations_core::Entropy;
use ring::digest;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The length of a key in bytes.
const LENGTH: usize = 32;

/// The standard alphabet; padding is written, and read if there.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 32 secret bytes: wiped when dropped; `Debug` shows the id only.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; LENGTH]>,
    id: KeyId,
}

/// The text is not a key. Never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Something other than base64.
    #[error("not base64; a key is 32 random bytes in base64, as `integrations-server keygen` prints it")]
    NotBase64,
    /// Too short or too long.
    #[error("{length} bytes long; a key is 32 random bytes in base64, as `integrations-server keygen` prints it")]
    WrongLength {
        /// How many bytes it has.
        length: usize,
    },
}

impl Key {
    /// Reads a key: standard base64 of exactly 32 bytes, with or without padding, white space around it ignored.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong, without showing the text.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).map_err(|_| KeyError::NotBase64)?);
        let mut key = Zeroizing::new([0; LENGTH]);
        if bytes.len() != key.len() {
            return Err(KeyError::WrongLength { length: bytes.len() });
        }
        key.copy_from_slice(&bytes);
        Ok(Self::of(key))
    }

    /// Makes a new key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut key = Zeroizing::new([0; LENGTH]);
        entropy.fill(key.as_mut_slice());
        Self::of(key)
    }

    /// The text that [`Key::from_base64`] reads.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        BASE64.encode(self.as_bytes()).into()
    }

    /// What envelopes call this key. Tells nothing useful about the key itself.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    fn of(bytes: Zeroizing<[u8; LENGTH]>) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"integrations key id");
        hash.update(bytes.as_slice());
        let mut id = [0; KeyId::LENGTH];
        id.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
        Self { bytes, id: KeyId(id) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

/// The public name of a key, shown as eight hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(crate) [u8; Self::LENGTH]);

impl KeyId {
    pub(crate) const LENGTH: usize = 4;
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}
