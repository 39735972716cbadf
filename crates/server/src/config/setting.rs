//! What one setting is: its name, its meaning, and how its value is read.

use super::{error::ConfigError, sources::Sources};

/// What is wrong with a value, in words that stand behind the setting's name. Never shows a secret.
pub(super) type Fault = String;

/// A setting whose value is a `T`.
pub struct Setting<T> {
    /// What people are told about it.
    pub entry: Entry,
    pub(super) parse: fn(&str) -> Result<T, Fault>,
}

/// A setting, whatever its value is.
pub(super) trait AnySetting: Sync {
    /// What people are told about it.
    fn entry(&self) -> &Entry;

    /// Why what is set there cannot be used, if it cannot.
    fn fault(&self, sources: &Sources) -> Option<ConfigError>;
}

impl<T> AnySetting for Setting<T> {
    fn entry(&self) -> &Entry {
        &self.entry
    }

    fn fault(&self, sources: &Sources) -> Option<ConfigError> {
        sources.optional(self).err()
    }
}

/// What people are told about a setting: one row of the reference.
#[derive(Debug)]
pub struct Entry {
    /// The environment variable; a configuration file has it in lower case.
    pub name: &'static str,
    /// The value that counts when it is not set, if there is one.
    pub default: Option<&'static str>,
    /// A value that shows the form; for a secret, how a shell makes one.
    pub example: &'static str,
    /// What it does, in Markdown.
    pub about: &'static str,
    /// Whether the value must not be seen, and may stand in a file of its own.
    pub secret: bool,
}

impl Entry {
    /// The name under which the path of a file with the value may be given, if it is a secret.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.name))
    }
}
