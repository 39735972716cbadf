//! A text with its formatting, as a Telegram message carries it.

mod entity;
mod finish;
mod html;
mod link;
mod ranges;
mod reference;
mod show;

pub use entity::{Entity, Style};
pub(crate) use finish::finish;
pub(crate) use html::parse as parse_html;
pub(crate) use link::{check as check_link, check_https as check_https_link, mentioned_user};

use serde::Serialize;

/// A text and the entities that say how ranges of it look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FormattedText {
    /// The characters, without any markup.
    pub text: String,
    /// The formatting, outer ranges before the inner ones that start with them.
    pub entities: Vec<Entity>,
}

impl FormattedText {
    /// The text as Bot API HTML: sending it again gives the same message.
    #[must_use]
    pub fn to_html(&self) -> String {
        show::html(self)
    }
}
