//! Ciphers with one defect each: the suite of the port finds it.

use std::sync::{Arc, Mutex};

use cipher_ring::{Key, RingCipher};
use integrations_core::{CipherError, SealContext, Sealed, SecretBytes, SecretCipher};
use integrations_testkit::{
    cipher::{self, CipherHarness},
    clock::SeqEntropy,
    suite::{assert_bites, block_on},
};
use secrecy::ExposeSecret as _;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    None,
    ForgetsTheContext,
    RepeatsItsEnvelope,
    ShowsThePlaintext,
    IgnoresTheVersion,
    IgnoresWhatFollows,
    PanicsOnShortInput,
    ForgetsEarlierKeys,
    HidesWhichKeyIsMissing,
    TakesNoEmptySecret,
}

use Defect as D;

struct Broken {
    inner: RingCipher,
    defect: Defect,
    last: Mutex<Option<(SealContext, Vec<u8>, Sealed)>>,
}

impl Broken {
    fn context(&self, context: SealContext) -> SealContext {
        if self.defect == D::ForgetsTheContext { SealContext::Canary } else { context }
    }
}

impl SecretCipher for Broken {
    fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError> {
        if plain.expose_secret().is_empty() && self.defect == D::TakesNoEmptySecret {
            return Err(CipherError::Rejected);
        }
        let mut last = self.last.lock().unwrap();
        if let Some((for_context, of, sealed)) = &*last
            && self.defect == D::RepeatsItsEnvelope
            && (*for_context, &of[..]) == (context, plain.expose_secret())
        {
            return Ok(sealed.clone());
        }
        let mut sealed = self.inner.seal(self.context(context), plain)?;
        if self.defect == D::ShowsThePlaintext {
            sealed.envelope.extend_from_slice(plain.expose_secret());
        }
        *last = Some((context, plain.expose_secret().to_vec(), sealed.clone()));
        Ok(sealed)
    }

    fn open(&self, context: SealContext, sealed: &Sealed) -> Result<SecretBytes, CipherError> {
        let mut envelope = sealed.envelope.clone();
        match self.defect {
            D::IgnoresTheVersion if !envelope.is_empty() => envelope[0] = 1,
            D::PanicsOnShortInput => assert!(envelope.len() > 40),
            _ => {}
        }
        let open = |envelope: &[u8]| self.inner.open(self.context(context), &Sealed { envelope: envelope.to_vec() });
        match open(&envelope) {
            Err(_) if self.defect == D::IgnoresWhatFollows && !envelope.is_empty() => {
                open(&envelope[..envelope.len() - 1])
            }
            Err(CipherError::UnknownKey { .. }) if self.defect == D::HidesWhichKeyIsMissing => {
                Err(CipherError::Rejected)
            }
            opened => opened,
        }
    }
}

struct Harness(Defect, Arc<SeqEntropy>);

impl CipherHarness for Harness {
    fn cipher(&self, current: u8, previous: &[u8]) -> Box<dyn SecretCipher> {
        let key = |number: u8| Key::generate(&SeqEntropy::new(number.into()));
        let previous = if self.0 == D::ForgetsEarlierKeys { &[] } else { previous };
        let previous: Vec<Key> = previous.iter().copied().map(key).collect();
        let inner = RingCipher::new(key(current), previous, self.1.clone());
        Box::new(Broken { inner, defect: self.0, last: Mutex::default() })
    }
}

fn assert_found(defect: Defect, case: &impl AsyncFn(&Harness)) {
    let run = |defect| block_on(case(&Harness(defect, Arc::new(SeqEntropy::new(0)))));
    assert_bites(&format!("{defect:?}"), || run(D::None), || run(defect));
}

#[test]
fn defects_are_found() {
    assert_found(D::ForgetsTheContext, &async |h| cipher::wrong_contexts_are_rejected(h).await);
    assert_found(D::RepeatsItsEnvelope, &async |h| cipher::every_envelope_is_fresh_and_opaque(h).await);
    assert_found(D::ShowsThePlaintext, &async |h| cipher::every_envelope_is_fresh_and_opaque(h).await);
    assert_found(D::IgnoresTheVersion, &async |h| cipher::every_bit_flip_is_rejected(h).await);
    assert_found(D::IgnoresWhatFollows, &async |h| cipher::every_other_length_is_rejected(h).await);
    assert_found(D::PanicsOnShortInput, &async |h| cipher::garbage_is_refused(h).await);
    assert_found(D::ForgetsEarlierKeys, &async |h| cipher::earlier_keys_open(h).await);
    assert_found(D::HidesWhichKeyIsMissing, &async |h| cipher::a_missing_key_is_named(h).await);
    assert_found(D::TakesNoEmptySecret, &async |h| cipher::sealed_secrets_open(h).await);
}
