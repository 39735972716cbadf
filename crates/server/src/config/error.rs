//! Why a configuration cannot be used: always one line with the name, the fault and an example.

use std::path::PathBuf;

use super::setting::{Entry, Fault};

/// A setting cannot be used. Shown as one line: where it is set, what is wrong, and an example. Never shows a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}; example: {example}")]
pub struct ConfigError {
    pub(super) place: String,
    pub(super) fault: Fault,
    pub(super) example: String,
}

/// Where settings stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// In the environment of the process.
    Environment,
    /// In the file at this path.
    File(PathBuf),
}

impl Origin {
    /// The error about a setting that stands here under `name`, in upper case.
    pub(super) fn error(&self, entry: &Entry, name: &str, fault: impl Into<Fault>) -> ConfigError {
        ConfigError { place: self.place(name), fault: fault.into(), example: self.example(entry) }
    }

    /// How the setting is called where it stands.
    pub(super) fn place(&self, name: &str) -> String {
        match self {
            Self::Environment => name.to_owned(),
            Self::File(path) => format!("{} in {}", name.to_ascii_lowercase(), path.display()),
        }
    }

    /// How a good value is written here.
    pub(super) fn example(&self, entry: &Entry) -> String {
        let Entry { name, example, .. } = entry;
        match self {
            Self::Environment => format!("{name}={example}"),
            Self::File(_) => {
                let name = name.to_ascii_lowercase();
                if entry.secret {
                    format!("{name}_file = \"/run/secrets/{name}\"")
                } else {
                    format!("{name} = \"{example}\"")
                }
            }
        }
    }
}
