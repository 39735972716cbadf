//! Previews: the beginning of a text, on one clean line.

use integrations_core::{PREVIEW_CHARS, text::short_line};

use crate::html;

/// The first [`PREVIEW_CHARS`] characters of a text, white space folded, without deceptive characters.
#[must_use]
pub fn preview_of_text(text: &str) -> String {
    short_line(text, PREVIEW_CHARS)
}

/// The same of the text that a reader of the HTML sees, with neither markup, scripts nor styles.
#[must_use]
pub fn preview_of_html(html: &str) -> String {
    preview_of_text(&html::to_text(html))
}
