//! Signing after Standard Webhooks: HMAC-SHA256 over identifier, time and body.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::Deserialize;
use sha2::Sha256;

/// What a key starts with, so that it is recognised where it does not belong.
const PREFIX: &str = "whsec_";

/// A key to sign with, ready for use.
#[derive(Deserialize)]
#[serde(try_from = "SecretString")]
pub struct SigningSecret(Hmac<Sha256>);

impl SigningSecret {
    /// `v1,` and the signature in base64.
    pub(crate) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl TryFrom<SecretString> for SigningSecret {
    type Error = &'static str;

    fn try_from(text: SecretString) -> Result<Self, &'static str> {
        const WRONG: &str = "must be whsec_ and the base64 of 24 to 64 random bytes";
        let encoded = text.expose_secret().trim().strip_prefix(PREFIX).ok_or(WRONG)?;
        let key = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| WRONG)?);
        let is_strong = (24..=64).contains(&key.len());
        let key = is_strong.then(|| Hmac::new_from_slice(&key).ok()).flatten();
        key.map(Self).ok_or(WRONG)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<SigningSecret, String> {
        serde_json::from_value(json!(text)).map_err(|error| error.to_string())
    }

    /// The values that the specification's own libraries test themselves with.
    #[test]
    fn the_published_example_comes_out() {
        let key = read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn keys_are_trimmed_checked_and_hidden() {
        let secret = |length: usize| format!("{PREFIX}{}", STANDARD.encode(vec![b'7'; length]));
        for length in [24, 32, 64] {
            let key = read(&format!(" {}\n", secret(length))).unwrap();
            assert_eq!(format!("{key:?}"), "SigningSecret([redacted])");
        }
        let good = secret(32);
        for wrong in ["", "whsec_", &good[6..], &good[..40], &good.to_uppercase(), &secret(23), &secret(65)] {
            let error = read(wrong).unwrap_err();
            assert!(error.starts_with("must be whsec_"), "{wrong}: {error}");
        }
    }
}
