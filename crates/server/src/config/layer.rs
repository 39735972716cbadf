//! One place where settings stand, the environment or a TOML file, brought into one form.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use secrecy::{ExposeSecret as _, SecretString};
use toml::Value;

use super::{
    error::{ConfigError, Origin},
    names,
    setting::Entry,
    table,
};

/// The values that are set in one place, not read yet.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    /// By the name of the environment variable. An empty value is not here: it counts as not set.
    values: BTreeMap<String, SecretString>,
}

impl Layer {
    /// The environment, and the names in it that look like ours and are not.
    pub(super) fn of_environment(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(Self, Vec<String>), ConfigError> {
        let mut layer = Self { origin: Origin::Environment, values: BTreeMap::new() };
        let mut unknown = Vec::new();
        for (name, value) in environment {
            // All our names are ASCII.
            let Ok(name) = name.into_string() else { continue };
            if let Some(entry) = names::known(&name) {
                let value = value.into_string().map_err(|_| layer.origin.error(entry, &name, "not UTF-8 text"))?;
                layer.set(name, value);
            } else if names::is_ours(&name) {
                unknown.push(name);
            }
        }
        unknown.sort();
        Ok((layer, unknown))
    }

    /// The TOML file at `path`.
    pub(super) fn of_file(path: &Path) -> Result<Self, ConfigError> {
        let origin = Origin::File(path.to_owned());
        let unreadable = |fault| {
            let example = format!("a line {}", origin.example(&table::HTTP_LISTEN.entry));
            ConfigError { place: format!("--config {}", path.display()), fault, example }
        };
        let text = fs::read_to_string(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        let table: toml::Table = text.parse().map_err(|error| unreadable(syntax_fault(&text, &error)))?;
        let mut layer = Self { origin: origin.clone(), values: BTreeMap::new() };
        for (key, value) in table {
            let name = key.to_ascii_uppercase();
            let Some(entry) = names::known(&name).filter(|_| key == key.to_ascii_lowercase()) else {
                let entry = names::nearest(&name);
                let place = format!("{key:?} in {}", path.display());
                return Err(ConfigError { place, fault: "not a setting".to_owned(), example: origin.example(entry) });
            };
            let fault = "must be a text, a whole number or a list of texts";
            let value = text_of(value).ok_or_else(|| origin.error(entry, &name, fault))?;
            layer.set(name, value);
        }
        Ok(layer)
    }

    fn set(&mut self, name: String, value: String) {
        if !value.trim().is_empty() {
            self.values.insert(name, value.into());
        }
    }

    /// The value and the name under which it stands.
    pub(super) fn find(&self, entry: &Entry) -> Result<Option<(String, SecretString)>, ConfigError> {
        let direct = self.values.get(entry.name);
        let path = entry.file_name().and_then(|name| Some((self.values.get(&name)?, name)));
        match (direct, path) {
            (None, None) => Ok(None),
            (Some(value), None) => Ok(Some((entry.name.to_owned(), value.clone()))),
            (None, Some((path, name))) => match fs::read_to_string(path.expose_secret().trim()) {
                Ok(text) => Ok(Some((name, text.into()))),
                Err(error) => {
                    let fault = format!("cannot read the file {:?}: {error}", path.expose_secret());
                    Err(self.origin.error(entry, &name, fault))
                }
            },
            (Some(_), Some((_, name))) => {
                let fault = format!("set together with {name}; set one of them");
                Err(self.origin.error(entry, entry.name, fault))
            }
        }
    }
}

/// Where the file is not TOML. The line itself is not shown: it may hold a secret.
fn syntax_fault(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    format!("line {line} is not TOML")
}

/// The value as an environment variable would have it.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(items) => items.into_iter().map(text_of).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        _ => None,
    }
}
