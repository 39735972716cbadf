//! A notification as an embed: a card with a title, fields and text, within Discord's limits.
//!
//! Discord counts code points, escapes included (<https://github.com/discord/discord-api-docs/issues/1315>). Here UTF-16
//! units are counted, which are never fewer and which its own clients count, so that a card fits by either.

use integrations_core::{
    provider::{Field, Notification},
    text::{self, Unit},
};
use serde::Serialize;

use crate::markdown::escaped;

/// <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 4096;
const MAX_FIELDS: usize = 25;
const MAX_VALUE: usize = 1024;
const MAX_TOTAL: usize = 6000;
const MAX_URL: usize = 2048;

/// What all fields may take together, so that room for the text is left.
const FIELDS_ROOM: usize = 3000;
const NAME_ROOM: usize = 64;

const UNIT: Unit = Unit::Utf16;
/// For a field without a value, which Discord refuses.
const NOTHING: &str = "–";

/// <https://docs.discord.com/developers/resources/message#embed-object-embed-structure>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Embed {
    /// The heading.
    pub title: String,
    /// Where the heading leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The facts.
    pub fields: Vec<EmbedField>,
}

/// <https://docs.discord.com/developers/resources/message#embed-object-embed-field-structure>
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbedField {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Embed {
    /// What Discord adds up.
    fn length(&self) -> usize {
        let fields = self.fields.iter().flat_map(|field| [&field.name, &field.value]);
        fields.chain([&self.title, &self.description]).map(|text| UNIT.count(text)).sum()
    }
}

/// Renders a notification. All of its texts stay text, whatever they hold.
#[must_use]
pub fn render(notification: &Notification) -> Embed {
    let shown = notification.fields.len().min(MAX_FIELDS);
    let room = (FIELDS_ROOM / shown.max(1)).saturating_sub(NAME_ROOM).min(MAX_VALUE);
    let mut embed = Embed {
        title: UNIT.fit(escaped(&notification.heading()), MAX_TITLE),
        url: notification.actions.first().map(|action| action.url.to_string()).filter(|url| url.len() <= MAX_URL),
        description: String::new(),
        fields: notification.fields.iter().take(shown).map(|field| embed_field(field, room)).collect(),
    };
    let body = text::multi_line(notification.body.as_deref().unwrap_or_default());
    embed.description = UNIT.fit(escaped(&body), MAX_DESCRIPTION.min(MAX_TOTAL - embed.length()));
    embed
}

fn embed_field(field: &Field, room: usize) -> EmbedField {
    let or_nothing = |text: String| if text.is_empty() { NOTHING.to_owned() } else { text };
    let value = text::single_line(&field.value);
    // Nothing is escaped within code, so a value that would end it cannot be in it.
    let is_code = field.verbatim && !value.is_empty() && !value.contains('`');
    let value =
        if is_code { format!("`{}`", UNIT.cut(&value, room - "``".len())) } else { UNIT.fit(escaped(&value), room) };
    let name = UNIT.fit(escaped(&text::single_line(field.label)), NAME_ROOM);
    EmbedField { name: or_nothing(name), value: or_nothing(value) }
}
