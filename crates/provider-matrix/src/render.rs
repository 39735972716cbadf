//! A notification as Matrix shows it: in its small HTML, and the same without markup.
//!
//! An event has at most 65,536 bytes (<https://spec.matrix.org/latest/client-server-api/#size-limits>). Each part is cut
//! so far below that all of them fit, whatever JSON makes of their characters.

use integrations_core::{
    provider::{Field, Notification},
    text::{self, Unit},
};

const MAX_TITLE: usize = 256;
const MAX_LABEL: usize = 64;
const MAX_VALUE: usize = 512;
const MAX_FIELDS: usize = 20;
const MAX_BODY: usize = 4000;
const MAX_PLAIN: usize = 6000;
/// Longer links are left out.
const MAX_URL: usize = 2048;

const HTML: &[(char, &str)] =
    &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;"), ('\n', "<br>")];

/// One message in its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// For clients that show text only.
    pub plain: String,
    /// In the HTML of `org.matrix.custom.html`.
    pub html: String,
}

/// Renders a notification. All of its texts stay text, whatever they hold.
#[must_use]
pub fn render(notification: &Notification) -> Rendered {
    let link = notification.actions.first().filter(|action| action.url.as_str().len() <= MAX_URL);
    let url = link.map(|action| action.url.as_str()).unwrap_or_default();
    let (heading, text) = (notification.heading(), notification.plain_text());
    let mut plain = vec![Unit::Bytes.cut(&heading, MAX_TITLE), Unit::Bytes.cut(&text, MAX_PLAIN), url.into()];
    plain.retain(|part| !part.is_empty());

    let mut html = format!("<strong>{}</strong>", escaped(&heading, MAX_TITLE));
    html.extend(notification.fields.iter().take(MAX_FIELDS).map(field_html));
    let body = text::multi_line(notification.body.as_deref().unwrap_or_default());
    if !body.is_empty() {
        html.push_str(&format!("<p>{}</p>", escaped(&body, MAX_BODY)));
    } else if !url.is_empty() {
        html.push_str("<br>");
    }
    if let Some(action) = link {
        let label = escaped(&text::single_line(&action.label), MAX_LABEL);
        html.push_str(&format!("<a href=\"{}\">{label}</a>", text::escaped(url, HTML).collect::<String>()));
    }
    Rendered { plain: plain.join("\n"), html }
}

fn field_html(field: &Field) -> String {
    let label = escaped(&text::single_line(field.label), MAX_LABEL);
    let value = escaped(&text::single_line(&field.value), MAX_VALUE);
    let value = if field.verbatim && !value.is_empty() { format!("<code>{value}</code>") } else { value };
    format!("<br><b>{label}:</b> {value}")
}

/// Clean text as HTML of at most `max` bytes.
fn escaped(clean: &str, max: usize) -> String {
    Unit::Bytes.fit(text::escaped(clean, HTML), max)
}
