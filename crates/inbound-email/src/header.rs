//! One header block, split into the fields that matter here. Linear, without a copy.

/// The fields of a header block that are read, each the raw bytes after the colon with its folds. Where a field is
/// repeated, the first counts.
#[derive(Debug, Default)]
pub(crate) struct Header<'a> {
    pub(crate) from: Option<&'a [u8]>,
    pub(crate) sender: Option<&'a [u8]>,
    pub(crate) return_path: Option<&'a [u8]>,
    pub(crate) subject: Option<&'a [u8]>,
    pub(crate) date: Option<&'a [u8]>,
    pub(crate) message_id: Option<&'a [u8]>,
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) disposition: Option<&'a [u8]>,
    pub(crate) transfer_encoding: Option<&'a [u8]>,
    pub(crate) content_id: Option<&'a [u8]>,
    /// Whether any field has a name that only mails have.
    pub(crate) is_mail: bool,
}

/// Further fields by which a mail is recognized.
const MAIL_FIELDS: [&str; 8] =
    ["To", "Cc", "Reply-To", "Received", "Delivered-To", "MIME-Version", "In-Reply-To", "References"];

impl<'a> Header<'a> {
    /// Reads to the empty line that ends the block, or to a line that begins like a MIME delimiter. Gives the fields,
    /// their values cut at `max` bytes, and what follows the block.
    pub(crate) fn read(raw: &'a [u8], max: usize) -> (Self, &'a [u8]) {
        let mut header = Self::default();
        let mut rest = raw;
        loop {
            let (line, after) = split_line(rest);
            if line.is_empty() || line.starts_with(b"--") {
                return (header, rest);
            }
            if matches!(line, b"\n" | b"\r\n") {
                return (header, after);
            }
            let (field, after) = split_field(rest);
            header.keep(field, max);
            rest = after;
        }
    }

    fn keep(&mut self, field: &'a [u8], max: usize) {
        let Some(colon) = field.iter().position(|&byte| byte == b':') else { return };
        let (name, value) = field.split_at(colon);
        let name = name.trim_ascii();
        let value = value.get(1..).unwrap_or_default();
        if let Some(slot) = self.slot(name) {
            slot.get_or_insert(value.get(..max).unwrap_or(value));
            self.is_mail = true;
        } else if MAIL_FIELDS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)) {
            self.is_mail = true;
        }
    }

    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        let slots = [
            ("From", &mut self.from),
            ("Sender", &mut self.sender),
            ("Return-Path", &mut self.return_path),
            ("Subject", &mut self.subject),
            ("Date", &mut self.date),
            ("Message-ID", &mut self.message_id),
            ("Content-Type", &mut self.content_type),
            ("Content-Disposition", &mut self.disposition),
            ("Content-Transfer-Encoding", &mut self.transfer_encoding),
            ("Content-ID", &mut self.content_id),
        ];
        slots.into_iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|(_, slot)| slot)
    }
}

/// The first line with its line feed, and what follows.
pub(crate) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    bytes.split_at(end)
}

/// The first line with the lines that continue it (RFC 5322, section 2.2.3), and what follows.
fn split_field(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (first, mut rest) = split_line(bytes);
    let mut length = first.len();
    while starts_with_blank(rest) {
        let (line, after) = split_line(rest);
        length += line.len();
        rest = after;
    }
    bytes.split_at(length)
}

fn starts_with_blank(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}
