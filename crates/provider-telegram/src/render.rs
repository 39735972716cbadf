//! A notification as Telegram shows it: in its own small HTML, and the same without markup.
//!
//! Telegram counts the characters (Unicode code points) that are left once the markup is read, so texts are cut to
//! size first and get their tags afterwards: no cut can fall into a tag, and every tag is closed
//! (<https://core.telegram.org/bots/api#html-style>, <https://core.telegram.org/bots/api#sendmessage>).

use integrations_core::{
    provider::{Field, Notification},
    text,
};

/// The most characters that one message can show.
pub const MAX_TEXT_CHARS: usize = 4096;

const TITLE_CHARS: usize = 256;
const LABEL_CHARS: usize = 32;
const VALUE_CHARS: usize = 512;
/// What all fields may take together, so that room for the body is left.
const FIELDS_CHARS: usize = 3072;
/// With a title and two marked texts in each field: below the 100 that Telegram keeps.
const MAX_FIELDS: usize = 40;

/// The room that most messages need.
const COMMON_BYTES: usize = 512;

const ESCAPES: &[(char, &str)] = &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];

/// A notification in Telegram's HTML, for `parse_mode: HTML`. All of its texts stay text, whatever they hold.
#[must_use]
pub fn render_html(notification: &Notification) -> String {
    Sheet::filled(notification, true)
}

/// What a reader sees of [`render_html`], for a message without `parse_mode`. Never empty.
#[must_use]
pub fn render_plain(notification: &Notification) -> String {
    Sheet::filled(notification, false)
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Bold,
    Code,
}

impl Style {
    /// What opens and closes it.
    fn tags(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("", ""),
            Self::Bold => ("<b>", "</b>"),
            Self::Code => ("<code>", "</code>"),
        }
    }
}

/// A message as it grows, and the room that is left.
struct Sheet {
    text: String,
    room: usize,
    with_markup: bool,
}

impl Sheet {
    fn filled(notification: &Notification, with_markup: bool) -> String {
        let mut sheet = Self { text: String::with_capacity(COMMON_BYTES), room: MAX_TEXT_CHARS, with_markup };
        sheet.push(Style::Bold, &notification.heading(), TITLE_CHARS);
        let shown = notification.fields.len().min(MAX_FIELDS);
        let each = FIELDS_CHARS / shown.max(1);
        for field in notification.fields.iter().take(shown) {
            sheet.field(field, VALUE_CHARS.min(each - LABEL_CHARS - ": \n".len()));
        }
        let body = text::multi_line(notification.body.as_deref().unwrap_or_default());
        if !body.is_empty() {
            sheet.push(Style::Plain, "\n\n", MAX_TEXT_CHARS);
            sheet.push(Style::Plain, &body, MAX_TEXT_CHARS);
        }
        sheet.text
    }

    /// Appends a field on a line of its own.
    fn field(&mut self, field: &Field, value_chars: usize) {
        self.push(Style::Plain, "\n", 1);
        let label = text::single_line(field.label);
        self.push(Style::Bold, &format!("{}:", text::cut(&label, LABEL_CHARS)), LABEL_CHARS + 1);
        let value = text::single_line(&field.value);
        if !value.is_empty() {
            self.push(Style::Plain, " ", 1);
            self.push(if field.verbatim { Style::Code } else { Style::Plain }, &value, value_chars);
        }
    }

    /// Appends `text`, cut to `max` characters and to the room that is left.
    fn push(&mut self, style: Style, text: &str, max: usize) {
        let text = text::cut(text, max.min(self.room));
        self.room -= text.chars().count();
        if !self.with_markup {
            self.text.push_str(&text);
        } else if !text.is_empty() {
            let (open, close) = style.tags();
            self.text.push_str(open);
            text::push_escaped(&mut self.text, &text, ESCAPES);
            self.text.push_str(close);
        }
    }
}
