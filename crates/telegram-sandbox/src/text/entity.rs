//! One range of a text and how it looks: `MessageEntity` of the Bot API.

use std::cmp::Reverse;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// A range of a text that looks different. Positions count UTF-16 code units, as in the Bot API
/// (<https://core.telegram.org/bots/api#messageentity>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Where the range starts, in UTF-16 code units.
    pub offset: usize,
    /// How long the range is, in UTF-16 code units.
    pub length: usize,
    /// How the range looks.
    pub style: Style,
}

/// How a range looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// A quotation.
    Blockquote,
    /// A quotation that is folded until it is opened.
    ExpandableBlockquote,
    /// A block of code, with its programming language if it was told.
    Pre(Option<String>),
    /// Code within a line.
    Code,
    /// A link with a label.
    Link(String),
    /// A mention of a user who needs no username.
    Mention(i64),
    /// A moment in Unix seconds, shown in the reader's time zone, and the format asked for.
    Time(i32, String),
    /// A custom emoji by its identifier.
    CustomEmoji(i64),
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Underlined.
    Underline,
    /// Struck through.
    Strikethrough,
    /// Hidden until it is touched.
    Spoiler,
}

impl Style {
    /// Whether ranges of this style may overlap others, merge and be cut.
    pub(super) fn is_soft(&self) -> bool {
        matches!(self, Self::Bold | Self::Italic | Self::Underline | Self::Strikethrough | Self::Spoiler)
    }

    pub(super) fn is_quote(&self) -> bool {
        matches!(self, Self::Blockquote | Self::ExpandableBlockquote)
    }

    /// Whether soft ranges vanish within it.
    pub(super) fn is_uniform(&self) -> bool {
        matches!(self, Self::Pre(_) | Self::Code | Self::Time(..))
    }

    /// Which of two equal ranges is the outer one: the lower number.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Blockquote | Self::ExpandableBlockquote => 0,
            Self::Pre(Some(_)) => 1,
            Self::Pre(None) => 2,
            Self::Code => 3,
            Self::Link(_) | Self::Mention(_) | Self::Time(..) => 4,
            Self::Bold => 5,
            Self::Italic => 6,
            Self::Underline => 7,
            Self::Strikethrough => 8,
            Self::Spoiler => 9,
            Self::CustomEmoji(_) => 10,
        }
    }
}

impl Entity {
    /// Where the range ends, in UTF-16 code units.
    #[must_use]
    pub fn end(&self) -> usize {
        self.offset + self.length
    }

    /// The entity as the Bot API writes it.
    pub(crate) fn to_json(&self) -> Value {
        let mut object = match &self.style {
            Style::Blockquote => json!({"type": "blockquote"}),
            Style::ExpandableBlockquote => json!({"type": "expandable_blockquote"}),
            Style::Pre(None) => json!({"type": "pre"}),
            Style::Pre(Some(language)) => json!({"type": "pre", "language": language}),
            Style::Code => json!({"type": "code"}),
            Style::Link(url) => json!({"type": "text_link", "url": url}),
            Style::Mention(user) => {
                json!({"type": "text_mention", "user": {"id": user, "is_bot": false, "first_name": "User"}})
            }
            Style::Time(unix, format) => {
                json!({"type": "date_time", "unix_time": unix, "date_time_format": format})
            }
            Style::CustomEmoji(id) => json!({"type": "custom_emoji", "custom_emoji_id": id.to_string()}),
            Style::Bold => json!({"type": "bold"}),
            Style::Italic => json!({"type": "italic"}),
            Style::Underline => json!({"type": "underline"}),
            Style::Strikethrough => json!({"type": "strikethrough"}),
            Style::Spoiler => json!({"type": "spoiler"}),
        };
        if let Value::Object(fields) = &mut object {
            fields.insert("offset".into(), self.offset.into());
            fields.insert("length".into(), self.length.into());
        }
        object
    }
}

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// Puts outer ranges before inner ones.
pub(super) fn sort(entities: &mut [Entity]) {
    entities.sort_by_key(|entity| (entity.offset, Reverse(entity.length), entity.style.rank()));
}
