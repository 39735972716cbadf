//! Transfer encodings of bodies (RFC 2045, section 6), undone as far as the bytes allow.

use std::borrow::Cow;

use mail_parser::{decoders::base64::base64_decode, parsers::MessageStream};

/// The body without its transfer encoding; as it stands where it is not in the encoding that it claims.
pub(crate) fn decode<'a>(body: &'a [u8], encoding: &[u8]) -> Cow<'a, [u8]> {
    let encoding = encoding.trim_ascii();
    if encoding.eq_ignore_ascii_case(b"base64") {
        base64(body)
    } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
        quoted_printable(body)
    } else {
        Cow::Borrowed(body)
    }
}

/// The lines up to the first that is no base64, since mailing lists add their footers unencoded.
fn base64(body: &[u8]) -> Cow<'_, [u8]> {
    let is_encoded = |line: &&[u8]| {
        line.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace()
        })
    };
    let length = body.split_inclusive(|&byte| byte == b'\n').take_while(is_encoded).map(<[u8]>::len).sum();
    match body.get(..length).and_then(base64_decode) {
        Some(decoded) if !decoded.is_empty() => Cow::Owned(decoded),
        _ => Cow::Borrowed(body),
    }
}

fn quoted_printable(body: &[u8]) -> Cow<'_, [u8]> {
    match MessageStream::new(body).decode_quoted_printable_mime(b"") {
        (usize::MAX, _) => Cow::Borrowed(body),
        (_, decoded) => decoded,
    }
}
