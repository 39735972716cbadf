//! The MIME structure of a mail, as one walk over its lines.
//!
//! Parts are visited in order, with the multiparts around them on a short stack of our own: no recursion, no copy of a
//! body, and time linear in the length. A mail within a mail (`message/rfc822`) is a part that is not opened.

use mail_parser::ContentType;

use crate::{
    field,
    header::{Header, split_line},
    limits::{Incomplete, Limits},
};

/// What stands directly around a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// Nothing: the part is the mail's whole body.
    Mail,
    /// `multipart/alternative`: forms of the same thing.
    Alternative,
    /// `multipart/related`: a document and what it shows.
    Related,
    /// `multipart/digest`: mails, unless a part says otherwise.
    Digest,
    /// `multipart/mixed` and all others.
    Mixed,
}

/// A part that is not made of parts.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) content_type: ContentType<'static>,
    pub(crate) container: Container,
    /// The body as sent.
    pub(crate) body: &'a [u8],
}

/// A multipart whose end has not been seen.
struct Multipart {
    boundary: Vec<u8>,
    container: Container,
}

/// A line that separates or ends the parts of one of the open multiparts (RFC 2046, section 5.1.1).
struct Delimiter<'a> {
    before: &'a [u8],
    level: usize,
    closes: bool,
    after: &'a [u8],
}

/// Shows every part to `visit`, until the end or a limit. A part that the mail breaks off in is shown as far as it goes.
pub(crate) fn walk<'a>(
    top: Header<'a>,
    body: &'a [u8],
    limits: &Limits,
    visit: &mut dyn FnMut(Part<'a>),
) -> Result<(), Incomplete> {
    let mut open = Vec::new();
    let mut leaf = enter(top, &mut open, limits)?;
    let mut seen = 1_usize;
    let mut rest = body;
    loop {
        let delimiter = next_delimiter(rest, &open);
        if let Some(part) = leaf.take() {
            visit(Part { body: delimiter.as_ref().map_or(rest, |found| found.before), ..part });
        }
        let Some(found) = delimiter else { return Ok(()) };
        rest = found.after;
        open.truncate(if found.closes { found.level } else { found.level + 1 });
        if !found.closes {
            seen += 1;
            if seen > limits.parts {
                return Err(Incomplete::Parts);
            }
            let (header, body) = Header::read(rest, limits.field_bytes);
            leaf = enter(header, &mut open, limits)?;
            rest = body;
        }
    }
}

/// Opens a multipart, or gives the part that is not one, still without its body.
fn enter<'a>(header: Header<'a>, open: &mut Vec<Multipart>, limits: &Limits) -> Result<Option<Part<'a>>, Incomplete> {
    let container = open.last().map_or(Container::Mail, |multipart| multipart.container);
    let content_type = header.content_type.and_then(field::content_type).unwrap_or_else(|| default_type(container));
    let boundary = content_type.attribute("boundary").unwrap_or_default().trim_end();
    if content_type.ctype() != "multipart" || boundary.is_empty() {
        return Ok(Some(Part { header, content_type, container, body: &[] }));
    }
    if open.len() >= limits.depth {
        return Err(Incomplete::Depth);
    }
    let container = match content_type.subtype() {
        Some("alternative") => Container::Alternative,
        Some("related") => Container::Related,
        Some("digest") => Container::Digest,
        _ => Container::Mixed,
    };
    open.push(Multipart { boundary: boundary.as_bytes().to_vec(), container });
    Ok(None)
}

/// RFC 2045, section 5.2, and RFC 2046, section 5.1.5.
fn default_type(container: Container) -> ContentType<'static> {
    let (c_type, c_subtype) = if container == Container::Digest { ("message", "rfc822") } else { ("text", "plain") };
    ContentType { c_type: c_type.into(), c_subtype: Some(c_subtype.into()), attributes: None }
}

fn next_delimiter<'a>(bytes: &'a [u8], open: &[Multipart]) -> Option<Delimiter<'a>> {
    if open.is_empty() {
        return None;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        if let Some((level, closes)) = match_boundary(line, open) {
            let before = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
            return Some(Delimiter { before, level, closes, after });
        }
        rest = after;
    }
    None
}

/// Which open multipart the line belongs to, the innermost first, and whether it ends it.
fn match_boundary(line: &[u8], open: &[Multipart]) -> Option<(usize, bool)> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    open.iter().enumerate().rev().find_map(|(level, multipart)| {
        match line.strip_prefix(multipart.boundary.as_slice())? {
            b"" => Some((level, false)),
            b"--" => Some((level, true)),
            _ => None,
        }
    })
}
