//! The stored format may never change silently.

use std::sync::Arc;

use cipher_ring::{Key, RingCipher, key_id_of};
use integrations_core::{CipherError, IntegrationId, OrganizationId, SealContext, Sealed, SecretCipher};
use integrations_testkit::clock::SeqEntropy;
use proptest::prelude::*;
use secrecy::ExposeSecret;

fn cipher() -> RingCipher {
    let key = Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    RingCipher::new(key, [], Arc::new(SeqEntropy::new(7)))
}

fn context() -> SealContext {
    SealContext::Integration {
        organization: OrganizationId::from_bytes([1; 16]),
        integration: IntegrationId::from_bytes([2; 16]),
        version: 3,
    }
}

/// Made under the key above by another program (Python's `cryptography`), from the description in the README. If this
/// does not open, what people have stored does not either: give the new format a new version byte, and go on reading
/// this one.
#[test]
fn an_envelope_of_the_first_version_opens() {
    for (context, hex) in [
        (
            context(),
            concat!(
                "0116ec15a2404142434445464748494a4b4c4d4e4f606162636465666768696a6b",
                "000631034aa3657e2cc245189d713011fb99a90469fba9e7c6ce764c32dde4447e10"
            ),
        ),
        (
            SealContext::Canary,
            concat!(
                "0116ec15a2808182838485868788898a8b8c8d8e8fa0a1a2a3a4a5a6a7a8a9aaab",
                "634a1e7941667bd75e7fbda75d85a2f2e7c9bd4049ea466c3a6d3855e41d2664ef71"
            ),
        ),
    ] {
        let sealed = Sealed { envelope: hex::decode(hex).unwrap() };
        let opened = cipher().open(context, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), b"123456:a-bot-token");
    }
}

/// What is written has the parts that the documentation names.
#[test]
fn envelopes_are_written_as_documented() {
    let plain = b"123456:a-bot-token";
    let key = Key::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let sealed = cipher().seal(context(), &plain.to_vec().into()).unwrap();
    assert_eq!(sealed.envelope.len(), 1 + 4 + 16 + 12 + plain.len() + 16);
    assert_eq!(sealed.envelope[0], 1);
    assert_eq!(hex::encode(&sealed.envelope[1..5]), key.id().to_string());
    assert_eq!(key_id_of(&sealed), Ok(key.id()));
    let later_version = Sealed { envelope: [&[2], &sealed.envelope[1..]].concat() };
    assert_eq!(key_id_of(&later_version), Err(CipherError::Malformed));
}

proptest! {
    #[test]
    fn any_plaintext_comes_back(plain in prop::collection::vec(any::<u8>(), 0..5000), version: u32) {
        let SealContext::Integration { organization, integration, .. } = context() else { unreachable!() };
        let context = SealContext::Integration { organization, integration, version };
        let sealed = cipher().seal(context, &plain.clone().into()).unwrap();
        let opened = cipher().open(context, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), &plain[..]);
    }

    #[test]
    fn no_bytes_open_by_chance(mut envelope in prop::collection::vec(any::<u8>(), 0..200), ours: bool) {
        let genuine = cipher().seal(context(), &Vec::new().into()).unwrap().envelope;
        if ours {
            envelope.splice(0..envelope.len().min(5), genuine[..5].iter().copied());
        }
        let opened = cipher().open(context(), &Sealed { envelope });
        prop_assert!(opened.is_err());
    }
}
