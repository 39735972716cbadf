//! Who a mail says it is from.

use integrations_core::text;
use mail_parser::Addr;

use crate::{field, header::Header};

/// The greatest length of an address, in characters: local part, `@` and domain of RFC 5321, section 4.5.3.1.
const ADDRESS_CHARS: usize = 64 + 1 + 255;
/// The greatest length of a name in a label, in characters, so that the address behind it stays in view.
const NAME_CHARS: usize = 128;

/// The sender as the mail's own header names it; nobody has verified it.
pub(crate) struct Sender {
    pub(crate) address: String,
    pub(crate) label: String,
}

impl Sender {
    /// The first usable mailbox of `From`, else of `Sender`, else `Return-Path`, else `unknown`.
    pub(crate) fn of(header: &Header<'_>) -> Self {
        [header.from, header.sender, header.return_path]
            .into_iter()
            .flatten()
            .find_map(|value| field::mailboxes(value).iter().find_map(Self::from_mailbox))
            .unwrap_or_else(|| Self { address: "unknown".to_owned(), label: "unknown".to_owned() })
    }

    fn from_mailbox(mailbox: &Addr<'_>) -> Option<Self> {
        let address = text::single_line(mailbox.address()?).into_owned();
        if !is_address(&address) {
            return None;
        }
        let name = clean_name(mailbox.name().unwrap_or_default());
        let named = !name.is_empty() && !name.eq_ignore_ascii_case(&address);
        let label = if named { format!("{name} <{address}>") } else { address.clone() };
        Some(Self { address, label })
    }
}

/// One `@` with something on both sides, and nothing that could be taken for the end of the address.
fn is_address(text: &str) -> bool {
    let whole = text.chars().count() <= ADDRESS_CHARS && !text.contains([' ', '<', '>', ',', ';']);
    let mut sides = text.split('@');
    whole
        && matches!((sides.next(), sides.next(), sides.next()), (Some(local), Some(domain), None)
            if !local.is_empty() && !domain.is_empty())
}

/// A name without angle brackets, in which a false address could be wrapped.
fn clean_name(name: &str) -> String {
    let name = name.replace(['<', '>'], " ");
    text::short_line(&name, NAME_CHARS)
}
