//! The tags of the Bot API, and what their attributes say.

use super::Style;

pub(super) const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// A tag whose end has not come yet.
pub(super) struct OpenTag {
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    /// Where its text starts, in UTF-16 code units and in bytes.
    pub(super) offset: usize,
    pub(super) byte: usize,
}

pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) value: Option<String>,
}

impl OpenTag {
    /// The values given to an attribute, the last one first.
    fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.attributes.iter().rev().filter(move |it| it.name == name).filter_map(|it| it.value.as_deref())
    }

    pub(super) fn value(&self, name: &'static str) -> Option<&str> {
        self.values(name).next()
    }

    pub(super) fn is_spoiler(&self) -> bool {
        self.values("class").find(|class| class.starts_with("tg-")) == Some("tg-spoiler")
    }

    pub(super) fn is_expandable(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute.name == "expandable")
    }

    pub(super) fn language(&self) -> Option<String> {
        let language = self.values("class").find_map(|class| class.strip_prefix("language-"))?;
        (!language.is_empty()).then(|| language.to_owned())
    }

    pub(super) fn custom_emoji(&self) -> Result<Style, String> {
        let id = self.value("emoji-id").and_then(|id| id.parse().ok()).filter(|id| *id != 0);
        id.map(Style::CustomEmoji).ok_or_else(|| "Invalid custom emoji identifier specified".into())
    }

    /// A moment is shown as plain text if its time is not a positive number.
    pub(super) fn time(&self) -> Result<Option<Style>, String> {
        let format = self.value("format").unwrap_or_default();
        let is_relative = format.eq_ignore_ascii_case("r");
        if !is_relative && !format.chars().all(|c| "wWdDtT".contains(c)) {
            return Err("Invalid date format used".into());
        }
        let digits = self.value("unix").unwrap_or_default();
        let end = digits.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
        let unix = digits.get(..end).and_then(|digits| digits.parse().ok()).filter(|unix| *unix > 0);
        Ok(unix.map(|unix| Style::Time(unix, format.to_owned())))
    }
}
