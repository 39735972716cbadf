//! What every [`SecretCipher`] must do.

use integrations_core::{CipherError, IntegrationId, OrganizationId, SealContext, Sealed, SecretBytes, SecretCipher};
use secrecy::ExposeSecret;

use crate::{
    clock::{ManualClock, SeqEntropy},
    suite::suite,
};

/// What an adapter supplies: ciphers over a few keys that are told apart by number.
pub trait CipherHarness {
    /// A cipher that seals under the key `current` and also opens what was sealed under the keys `previous`. The same
    /// number is the same key, for every cipher of this harness.
    fn cipher(&self, current: u8, previous: &[u8]) -> Box<dyn SecretCipher>;
}

fn secret(bytes: &[u8]) -> SecretBytes {
    bytes.to_vec().into()
}

/// A context of its own for each seed.
fn context(seed: u64) -> SealContext {
    let (clock, entropy) = (ManualClock::new(), SeqEntropy::new(seed));
    SealContext::Integration {
        organization: OrganizationId::generate(&clock, &entropy),
        integration: IntegrationId::generate(&clock, &entropy),
        version: 1,
    }
}

/// Opens an envelope that was tampered with, which must fail in one of the ways that the port knows.
fn assert_refused(cipher: &dyn SecretCipher, context: SealContext, envelope: Vec<u8>, what: &str) {
    let opened = cipher.open(context, &Sealed { envelope });
    assert!(opened.is_err(), "{what} was accepted");
}

suite! { $
    cipher_conformance in cipher for CipherHarness {
        /// What was sealed opens in the same context: short, empty and 64 KiB.
        async fn sealed_secrets_open(harness) {
            let cipher = harness.cipher(1, &[]);
            for plain in [&b"123456:a-bot-token"[..], b"", &[7; 64 * 1024]] {
                for context in [context(1), SealContext::Canary] {
                    let sealed = cipher.seal(context, &secret(plain)).unwrap();
                    assert_eq!(cipher.open(context, &sealed).unwrap().expose_secret(), plain);
                }
            }
        }

        /// Another cipher that was made with the same key opens it too, as after a restart.
        async fn a_new_cipher_with_the_same_key_opens(harness) {
            let sealed = harness.cipher(1, &[]).seal(context(1), &secret(b"token")).unwrap();
            let opened = harness.cipher(1, &[]).open(context(1), &sealed).unwrap();
            assert_eq!(opened.expose_secret(), b"token");
        }

        /// Sealing twice gives two envelopes, and neither shows the plaintext.
        async fn every_envelope_is_fresh_and_opaque(harness) {
            let cipher = harness.cipher(1, &[]);
            let plain = b"a long and recognizable secret";
            let seal = || cipher.seal(context(1), &secret(plain)).unwrap().envelope;
            let (one, two) = (seal(), seal());
            assert_ne!(one, two);
            assert!(!one.windows(8).any(|part| plain.windows(8).any(|other| part == other)));
        }

        /// An envelope that was moved to another organization, integration, version or to the canary stays shut.
        async fn wrong_contexts_are_rejected(harness) {
            let cipher = harness.cipher(1, &[]);
            let SealContext::Integration { organization, integration, version } = context(1) else { unreachable!() };
            let SealContext::Integration { organization: other_organization, integration: other_integration, .. } =
                context(2) else { unreachable!() };
            let sealed = cipher.seal(context(1), &secret(b"token")).unwrap();
            for wrong in [
                SealContext::Integration { organization: other_organization, integration, version },
                SealContext::Integration { organization, integration: other_integration, version },
                SealContext::Integration { organization, integration, version: version + 1 },
                SealContext::Canary,
            ] {
                assert_eq!(cipher.open(wrong, &sealed).unwrap_err(), CipherError::Rejected, "{wrong:?}");
            }
            let canary = cipher.seal(SealContext::Canary, &secret(b"token")).unwrap();
            assert_eq!(cipher.open(context(1), &canary).unwrap_err(), CipherError::Rejected);
        }

        /// No single bit of an envelope can be changed.
        async fn every_bit_flip_is_rejected(harness) {
            let cipher = harness.cipher(1, &[2]);
            let envelope = cipher.seal(context(1), &secret(b"token")).unwrap().envelope;
            for bit in 0..envelope.len() * 8 {
                let mut changed = envelope.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_refused(cipher.as_ref(), context(1), changed, &format!("an envelope with bit {bit} flipped"));
            }
        }

        /// No part of an envelope opens, and nothing can be added to it.
        async fn every_other_length_is_rejected(harness) {
            let cipher = harness.cipher(1, &[]);
            for plain in [&b"token"[..], b""] {
                let envelope = cipher.seal(context(1), &secret(plain)).unwrap().envelope;
                for length in 0..envelope.len() {
                    let cut = envelope[..length].to_vec();
                    assert_refused(cipher.as_ref(), context(1), cut, &format!("the first {length} bytes"));
                }
                let longer = [&envelope[..], &[0]].concat();
                assert_refused(cipher.as_ref(), context(1), longer, "an envelope with a byte more");
            }
        }

        /// What was never an envelope is refused, without a panic.
        async fn garbage_is_refused(harness) {
            let cipher = harness.cipher(1, &[]);
            for length in [0, 1, 5, 16, 33, 49, 50, 1000] {
                for byte in [0, 1, 2, 0xff] {
                    assert_refused(cipher.as_ref(), context(1), vec![byte; length], &format!("{length} times {byte}"));
                }
            }
        }

        /// What an earlier key sealed opens while the cipher is given that key, and is sealed anew under the current.
        async fn earlier_keys_open(harness) {
            let old = harness.cipher(1, &[]).seal(context(1), &secret(b"token")).unwrap();
            let rotated = harness.cipher(2, &[3, 1]);
            let opened = rotated.open(context(1), &old).unwrap();
            assert_eq!(opened.expose_secret(), b"token");
            let anew = rotated.seal(context(1), &opened).unwrap();
            let opened = harness.cipher(2, &[]).open(context(1), &anew).unwrap();
            assert_eq!(opened.expose_secret(), b"token");
        }

        /// Without the key that sealed it, the error names the key, and not the content.
        async fn a_missing_key_is_named(harness) {
            let sealed = harness.cipher(1, &[]).seal(context(1), &secret(b"token")).unwrap();
            let error = harness.cipher(2, &[3]).open(context(1), &sealed).unwrap_err();
            let CipherError::UnknownKey { key_id } = &error else { panic!("{error:?}") };
            assert!(!key_id.is_empty() && key_id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key_id}");
            assert!(error.to_string().contains(key_id.as_str()), "{error}");
        }

        /// `Debug` of a sealed and of an opened secret shows neither.
        async fn debug_shows_nothing(harness) {
            let cipher = harness.cipher(1, &[]);
            let sealed = cipher.seal(context(1), &secret(&[171; 9])).unwrap();
            let opened = cipher.open(context(1), &sealed).unwrap();
            let shown = format!("{opened:?}");
            assert!(!shown.contains("171"), "{shown}");
            let bytes = format!("{:?}", sealed.envelope);
            assert!(!format!("{sealed:?}").contains(&bytes), "the envelope is shown");
        }
    }
}
