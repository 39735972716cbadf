//! Bytes to text in whatever character set was meant. Never fails: what cannot be decoded becomes U+FFFD.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

/// Decodes by the label of a `charset` parameter. Labels that promise ASCII, unknown ones and none are not believed:
/// see [`guess`].
pub(crate) fn decode<'a>(bytes: &'a [u8], label: Option<&str>) -> Cow<'a, str> {
    let label = label.unwrap_or_default().trim().to_ascii_lowercase();
    match label.as_str() {
        "utf-8" | "utf8" => String::from_utf8_lossy(bytes),
        "" | "us-ascii" | "ascii" => guess(bytes),
        _ => charset_decoder(label.as_bytes()).map_or_else(|| guess(bytes), |decode| Cow::Owned(decode(bytes))),
    }
}

/// UTF-8 where the bytes are that, otherwise Windows-1252, the usual superset of Latin-1.
pub(crate) fn guess(bytes: &[u8]) -> Cow<'_, str> {
    match charset_decoder(b"windows-1252") {
        Some(decode) if !is_utf8(bytes) => Cow::Owned(decode(bytes)),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Whether the bytes are UTF-8, perhaps cut off within the last of several characters.
fn is_utf8(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => {
            error.error_len().is_none() && bytes.get(..error.valid_up_to()).is_some_and(|before| !before.is_ascii())
        }
    }
}
