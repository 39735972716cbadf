//! A notification as ntfy takes it: a title and plain text, counted in bytes.

use integrations_core::{
    provider::Notification,
    text::{self, Unit},
};

/// The longest title that is sent; servers take 1 KB (<https://docs.ntfy.sh/publish/#limitations>), phones show less.
const MAX_TITLE: usize = 250;
/// The longest text: a server makes an attachment of one that reaches its limit of 4096, or refuses it where it has no
/// attachments (`LimitReached` in <https://github.com/binwiederhier/ntfy/blob/1fae61e/util/peek.go>).
const MAX_MESSAGE: usize = 4095;
/// A server takes requests of less than twice that limit; this much of it is for the text in its JSON form.
const MESSAGE_ROOM: usize = 5000;
/// Longer links are left out.
const MAX_URL: usize = 1024;

/// What is shown of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The line on top.
    pub title: String,
    /// What stands below it.
    pub message: String,
    /// What opens on a tap.
    pub click: Option<String>,
}

/// Renders a notification. ntfy shows it as it is, so nothing is escaped.
#[must_use]
pub fn render(notification: &Notification) -> Rendered {
    let text = notification.plain_text();
    let mut message = Unit::Bytes.cut(&text, MAX_MESSAGE);
    if json_len(&message) > MESSAGE_ROOM {
        message = Unit::Bytes.cut(&text, MESSAGE_ROOM / 2);
    }
    Rendered {
        title: Unit::Bytes.cut(&notification.heading(), MAX_TITLE).into_owned(),
        message: message.into_owned(),
        click: notification.actions.first().map(|action| action.url.to_string()).filter(|url| url.len() <= MAX_URL),
    }
}

/// The length of clean text within JSON, where line breaks, quotation marks and backslashes take two bytes.
fn json_len(clean: &str) -> usize {
    text::escaped(clean, &[('\n', "\\n"), ('"', "\\\""), ('\\', "\\\\")]).map(str::len).sum()
}
