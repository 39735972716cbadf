//! A raw mail in, the content of an `email.received` event out.
#![doc = include_str!("../README.md")]

mod charset;
mod content;
mod field;
mod header;
mod html;
mod limits;
mod mime;
mod preview;
mod sender;
mod transfer;

use std::borrow::Cow;

use integrations_core::{EmailReceived, text};
use jiff::Timestamp;

use crate::{content::Content, header::Header, sender::Sender};

pub use limits::{EmailError, Incomplete, Limits};
pub use preview::{preview_of_html, preview_of_text};

/// The greatest length of a subject and of a message identifier, in characters: a line of RFC 5322, section 2.1.1.
const LINE_CHARS: usize = 998;

/// What was read from a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedEmail {
    /// The event's content. Its `email_id` is left empty, since only the mail system knows it.
    pub email: EmailReceived,
    /// The `Date` field: when the sender says that it was written.
    pub date: Option<Timestamp>,
    /// Why the content was not read to its end, if it was not. Then the preview holds the text that was found
    /// before, or says that none was read, and the attachments are those that were counted until then.
    pub incomplete: Option<Incomplete>,
}

/// Reads a raw mail. Blocks the thread for a time linear in its length: call it off the async threads.
///
/// # Errors
/// When there is nothing to take: no mail at all, too large a mail, or bytes that are no mail.
pub fn parse(raw: &[u8], limits: &Limits) -> Result<ParsedEmail, EmailError> {
    if raw.len() > limits.message_bytes {
        return Err(EmailError::TooLarge { bytes: raw.len(), limit: limits.message_bytes });
    }
    let mail = without_lead_in(raw);
    if mail.is_empty() {
        return Err(EmailError::Empty);
    }
    let mail = with_line_feeds(mail);
    let (header, body) = Header::read(&mail, limits.field_bytes);
    if !header.is_mail {
        return Err(EmailError::Unreadable);
    }
    let sender = Sender::of(&header);
    let message_id = header.message_id.and_then(field::id).and_then(|id| line(&id));
    let subject = header.subject.map(field::text).and_then(|subject| line(&subject));
    let date = header.date.and_then(field::date);
    let (content, incomplete) = Content::read(header, body, limits);
    let email = EmailReceived {
        email_id: None,
        message_id,
        from: sender.address,
        sender_label: sender.label,
        subject,
        attachment_count: content.attachments,
        preview: content.into_preview(incomplete),
    };
    Ok(ParsedEmail { email, date, incomplete })
}

/// The mail behind a byte order mark and empty lines, which editors and pipes put before it.
fn without_lead_in(raw: &[u8]) -> &[u8] {
    raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw).trim_ascii_start()
}

/// Lines end with LF or CR LF. Only where no LF is found at all, a lone CR ends them.
fn with_line_feeds(mail: &[u8]) -> Cow<'_, [u8]> {
    if mail.contains(&b'\n') {
        return Cow::Borrowed(mail);
    }
    Cow::Owned(mail.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect())
}

fn line(decoded: &str) -> Option<String> {
    let line = text::short_line(decoded, LINE_CHARS);
    (!line.is_empty()).then_some(line)
}
