//! What a reader gets to see of the parts: a preview of the text, and a number of attachments.

use mail_parser::ContentType;

use crate::{
    charset, field,
    header::Header,
    limits::{Incomplete, Limits},
    mime::{self, Container, Part},
    preview::{preview_of_html, preview_of_text},
    transfer,
};

/// Parts that are made for programs and that mail programs do not show as attachments.
const MACHINE_PARTS: [(&str, &str); 7] = [
    ("application", "pgp-encrypted"),
    ("application", "pgp-signature"),
    ("application", "pkcs7-signature"),
    ("application", "x-pkcs7-signature"),
    ("message", "delivery-status"),
    ("message", "disposition-notification"),
    ("message", "feedback-report"),
];

/// What was found in the parts so far. Previews of blank texts are not kept.
#[derive(Debug, Default)]
pub(crate) struct Content {
    plain: Option<String>,
    html: Option<String>,
    pub(crate) attachments: u32,
}

/// What a part is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    Html,
    Attachment,
    /// Another form of the text, a picture within it, or a part for programs.
    Unseen,
}

impl Content {
    /// Reads the parts of a mail, as far as the limits allow.
    pub(crate) fn read(header: Header<'_>, body: &[u8], limits: &Limits) -> (Self, Option<Incomplete>) {
        let mut content = Self::default();
        let outcome = mime::walk(header, body, limits, &mut |part| content.take(&part, limits));
        (content, outcome.err())
    }

    fn take(&mut self, part: &Part<'_>, limits: &Limits) {
        match role(part) {
            Role::Plain if self.wants_plain(part.container) => {
                self.plain = Some(preview_of_text(&text_of(part, limits))).filter(|preview| !preview.is_empty());
            }
            Role::Html if self.html.is_none() => {
                self.html = Some(preview_of_html(&text_of(part, limits))).filter(|preview| !preview.is_empty());
            }
            Role::Attachment => self.attachments += 1,
            Role::Plain | Role::Html | Role::Unseen => {}
        }
    }

    /// After an HTML text, a plain one is a mailing list's footer, unless it is a form of the same text.
    fn wants_plain(&self, container: Container) -> bool {
        self.plain.is_none() && (self.html.is_none() || container == Container::Alternative)
    }

    /// The plain text's preview, else that of the HTML, else nothing, or why nothing was read.
    pub(crate) fn into_preview(self, incomplete: Option<Incomplete>) -> String {
        let not_read = || incomplete.map(|reason| format!("(Content not read: {reason}.)"));
        self.plain.or(self.html).or_else(not_read).unwrap_or_default()
    }
}

fn role(part: &Part<'_>) -> Role {
    let disposition = part.header.disposition.and_then(field::content_type);
    let named = part.content_type.has_attribute("name")
        || disposition.as_ref().is_some_and(|disposition| disposition.has_attribute("filename"));
    let is_body = !named || matches!(part.container, Container::Mail | Container::Alternative);
    match (part.content_type.ctype(), part.content_type.subtype().unwrap_or_default()) {
        kind if MACHINE_PARTS.contains(&kind) => Role::Unseen,
        _ if disposition.as_ref().is_some_and(ContentType::is_attachment) => Role::Attachment,
        ("text", "html") if is_body => Role::Html,
        // A multipart without a boundary cannot be taken apart: it is shown as it stands.
        ("text", "plain" | "") | ("multipart", _) if is_body => Role::Plain,
        ("text", _) if part.container == Container::Mail => Role::Plain,
        ("text", _) if part.container == Container::Alternative => Role::Unseen,
        ("image", _) if part.container == Container::Related && part.header.content_id.is_some() => Role::Unseen,
        _ => Role::Attachment,
    }
}

/// The text of a part, as far as it is read.
fn text_of(part: &Part<'_>, limits: &Limits) -> String {
    let body = part.body.get(..limits.text_bytes).unwrap_or(part.body);
    let bytes = transfer::decode(body, part.header.transfer_encoding.unwrap_or_default());
    charset::decode(&bytes, part.content_type.attribute("charset")).into_owned()
}
