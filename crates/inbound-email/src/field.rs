//! The values of header fields, decoded.

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use mail_parser::{Addr, ContentType, HeaderValue, parsers::MessageStream};

use crate::charset;

/// Unstructured text with its encoded words decoded (RFC 2047).
pub(crate) fn text(value: &[u8]) -> String {
    match MessageStream::new(&source(value)).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

/// The first message identifier, without angle brackets.
pub(crate) fn id(value: &[u8]) -> Option<String> {
    match MessageStream::new(&source(value)).parse_id() {
        HeaderValue::Text(id) => Some(id.into_owned()),
        HeaderValue::TextList(ids) => ids.into_iter().next().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// The date, if it is one. A wrong day of the week is passed over.
pub(crate) fn date(value: &[u8]) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value.trim_ascii()).ok()
}

/// The mailboxes in their order, those within groups included.
pub(crate) fn mailboxes(value: &[u8]) -> Vec<Addr<'static>> {
    match MessageStream::new(&source(value)).parse_address() {
        HeaderValue::Address(addresses) => addresses.into_owned().into_list(),
        _ => Vec::new(),
    }
}

/// A `Content-Type` or `Content-Disposition` with its parameters; type, subtype and names are lower-case.
pub(crate) fn content_type(value: &[u8]) -> Option<ContentType<'static>> {
    match MessageStream::new(&source(value)).parse_content_type().into_owned() {
        HeaderValue::ContentType(content_type) => Some(content_type),
        _ => None,
    }
}

/// The value as UTF-8, with the line end that the field parsers stop at.
fn source(value: &[u8]) -> Vec<u8> {
    let mut source = charset::guess(value).into_owned().into_bytes();
    source.push(b'\n');
    source
}
