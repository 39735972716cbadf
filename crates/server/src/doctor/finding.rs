//! What a check found, as one line.

use std::fmt;

use integrations_core::text;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// What was checked, in a word or two.
    pub(super) subject: &'static str,
    pub(super) text: String,
}

impl Finding {
    pub(super) fn ok(subject: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, subject, text: text.into() }
    }

    pub(super) fn warn(subject: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Warn, subject, text: text.into() }
    }

    /// A failure always says what to do.
    pub(super) fn fail(subject: &'static str, text: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self { level: Level::Fail, subject, text: format!("{text}; {remedy}") }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(f, "{level:<4}  {:<13}  {}", self.subject, text::single_line(&self.text))
    }
}
