//! The suite of the port.

use std::sync::Arc;

use cipher_ring::{Key, RingCipher};
use integrations_core::SecretCipher;
use integrations_testkit::{cipher::CipherHarness, clock::SeqEntropy};

/// Every cipher draws on one source, so that no two of them make the same salt.
struct Ring(Arc<SeqEntropy>);

async fn make() -> Ring {
    Ring(Arc::new(SeqEntropy::new(0)))
}

impl CipherHarness for Ring {
    fn cipher(&self, current: u8, previous: &[u8]) -> Box<dyn SecretCipher> {
        let key = |number: u8| Key::generate(&SeqEntropy::new(number.into()));
        let previous: Vec<Key> = previous.iter().copied().map(key).collect();
        Box::new(RingCipher::new(key(current), previous, self.0.clone()))
    }
}

integrations_testkit::cipher_conformance!(make);
