//! The keys of records: each is derived from the installation's key, and remembered for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use integrations_core::CipherError;
use ring::{
    aead::{AES_256_GCM, LessSafeKey, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
};

use crate::{Key, KeyId};

pub(crate) const SALT_LENGTH: usize = 16;
/// Binds the derived keys to this use of the installation's key.
const PURPOSE: &[u8] = b"integrations secret v1";

/// How many keys are remembered, each with some 600 bytes.
const LIMIT: usize = 4096;

/// The keys of records that were opened a moment ago. The same few secrets are opened for message after message, and
/// deriving the key is most of that. They tell no more than the installation's key, which is in memory, too.
#[derive(Default)]
pub(crate) struct RecordKeys {
    known: Mutex<HashMap<Origin, Arc<LessSafeKey>>>,
}

/// What a key is derived from.
#[derive(PartialEq, Eq, Hash)]
struct Origin {
    key: KeyId,
    salt: [u8; SALT_LENGTH],
}

impl RecordKeys {
    /// The key of the record with that salt.
    pub(crate) fn get(&self, key: &Key, salt: &[u8; SALT_LENGTH]) -> Result<Arc<LessSafeKey>, CipherError> {
        let origin = Origin { key: key.id(), salt: *salt };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(derived) = known.get(&origin) {
            return Ok(Arc::clone(derived));
        }
        let derived = Arc::new(derive(key, salt)?);
        if known.len() >= LIMIT {
            known.clear();
        }
        known.insert(origin, Arc::clone(&derived));
        Ok(derived)
    }
}

/// HKDF-SHA256 of the installation's key and the record's salt.
pub(crate) fn derive(key: &Key, salt: &[u8; SALT_LENGTH]) -> Result<LessSafeKey, CipherError> {
    let extracted = Salt::new(HKDF_SHA256, salt).extract(key.as_bytes());
    let derived = extracted.expand(&[PURPOSE], &AES_256_GCM).map_err(|_| CipherError::Rejected)?;
    Ok(LessSafeKey::new(UnboundKey::from(derived)))
}

#[cfg(test)]
mod tests {
    use integrations_testkit::clock::SeqEntropy;

    use super::*;

    #[test]
    fn keys_are_remembered_and_in_the_end_forgotten() {
        let entropy = SeqEntropy::new(0);
        let (one, other) = (Key::generate(&entropy), Key::generate(&entropy));
        let keys = RecordKeys::default();
        let first = keys.get(&one, &[0; SALT_LENGTH]).unwrap();
        assert!(Arc::ptr_eq(&first, &keys.get(&one, &[0; SALT_LENGTH]).unwrap()));
        assert!(!Arc::ptr_eq(&first, &keys.get(&other, &[0; SALT_LENGTH]).unwrap()));
        for number in 0..2 * LIMIT as u128 {
            keys.get(&one, &number.to_be_bytes()).unwrap();
            assert!(keys.known.lock().unwrap().len() <= LIMIT);
        }
    }
}
