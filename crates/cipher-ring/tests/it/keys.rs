//! Keys as people give them.

use std::sync::Arc;

use cipher_ring::{Key, KeyError, RingCipher};
use integrations_testkit::clock::SeqEntropy;
use proptest::prelude::*;
use secrecy::ExposeSecret;

const TEXT: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_key_is_read_with_and_without_padding_and_white_space() {
    let key = Key::from_base64(TEXT).unwrap();
    for same in [TEXT.trim_end_matches('='), &format!("  {TEXT}\r\n")] {
        assert_eq!(Key::from_base64(same).unwrap().to_base64().expose_secret(), TEXT);
    }
    assert_eq!(key.to_base64().expose_secret(), TEXT);
    assert_eq!(key.id().to_string(), "16ec15a2");
}

#[test]
fn anything_else_is_refused_in_words_that_help_and_tell_nothing() {
    let long = format!("AAAA{TEXT}");
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    for (text, expected) in [
        ("", KeyError::WrongLength { length: 0 }),
        ("AAECAw==", KeyError::WrongLength { length: 4 }),
        (&long, KeyError::WrongLength { length: 35 }),
        (hex, KeyError::WrongLength { length: 48 }),
        ("correct horse battery staple", KeyError::NotBase64),
        (&TEXT.replace("AAEC", "A-_C"), KeyError::NotBase64),
    ] {
        let error = Key::from_base64(text).unwrap_err();
        assert_eq!(error, expected, "{text}");
        let words = error.to_string();
        assert!(words.contains("integrations-server keygen"), "{words}");
        assert!(text.is_empty() || !words.contains(text), "{words}");
    }
}

#[test]
fn debug_shows_no_key() {
    let key = || Key::from_base64(TEXT).unwrap();
    let cipher = RingCipher::new(key(), [key()], Arc::new(SeqEntropy::new(1)));
    let shown = format!("{:?} {cipher:?}", key());
    assert!(shown.contains(&key().id().to_string()), "{shown}");
    assert!(!shown.contains(TEXT) && !shown.contains("0, 1, 2") && !shown.contains("00010203"), "{shown}");
}

proptest! {
    #[test]
    fn generated_keys_differ_and_come_back(one: u64, other: u64) {
        prop_assume!(one != other);
        let key = Key::generate(&SeqEntropy::new(one));
        prop_assert_ne!(key.id(), Key::generate(&SeqEntropy::new(other)).id());
        let again = Key::from_base64(key.to_base64().expose_secret()).unwrap();
        prop_assert_eq!(again.id(), key.id());
    }
}
