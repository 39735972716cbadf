//! All the places where settings stand: the environment, and below it a TOML file.

use std::{ffi::OsString, path::Path};

use secrecy::ExposeSecret as _;

use super::{
    error::{ConfigError, Origin},
    layer::Layer,
    names,
    setting::Setting,
    table,
};

/// All values that are set, not read yet.
#[derive(Debug)]
pub struct Sources {
    /// What comes first counts.
    layers: Vec<Layer>,
    /// Variables that look like ours and are not.
    unknown: Vec<String>,
}

impl Sources {
    /// The environment of this process, and the file if one is named.
    ///
    /// # Errors
    /// The file cannot be read, or a value is not text.
    pub fn of_process(file: Option<&Path>) -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
        let environment = std::env::vars_os();
        Self::new(environment, file)
    }

    /// The given environment, and the file if one is named. An empty value counts as not set.
    ///
    /// # Errors
    /// The file cannot be read or has an unknown name, or a value is not text.
    pub fn new(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let (variables, unknown) = Layer::of_environment(environment)?;
        let file = file.map(Layer::of_file).transpose()?;
        Ok(Self { layers: std::iter::once(variables).chain(file).collect(), unknown })
    }

    /// Every setting that cannot be used by itself; whether those that can fit together is not looked at.
    pub(crate) fn faults(&self) -> impl Iterator<Item = ConfigError> {
        table::settings().filter_map(|setting| setting.fault(self))
    }

    /// What is worth a warning: variables that look like ours and are not.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let warning = |name: &String| {
            format!("{name:?} is not a setting and is ignored; the most similar one is {}", names::nearest(name).name)
        };
        self.unknown.iter().map(warning).collect()
    }

    /// The value, if it is set or has a default.
    pub(super) fn optional<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        let entry = &setting.entry;
        for layer in &self.layers {
            if let Some((name, text)) = layer.find(entry)? {
                let value = (setting.parse)(text.expose_secret().trim());
                return value.map(Some).map_err(|fault| layer.origin.error(entry, &name, fault));
            }
        }
        let value = entry.default.map(setting.parse).transpose();
        value.map_err(|fault| Origin::Environment.error(entry, entry.name, fault))
    }

    /// The error about a value that does not fit the others.
    pub(super) fn fault<T>(&self, setting: &Setting<T>, fault: String) -> ConfigError {
        let entry = &setting.entry;
        let set = |layer: &&Layer| matches!(layer.find(entry), Ok(Some(_)));
        let origin = self.layers.iter().find(set).map_or(&Origin::Environment, |layer| &layer.origin);
        origin.error(entry, entry.name, fault)
    }

    /// The value, which is set or has a default.
    pub(super) fn value<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
        setting.required(self.optional(setting)?)
    }
}

impl<T> Setting<T> {
    /// The value of a setting that the caller cannot do without.
    ///
    /// # Errors
    /// It is not set.
    pub fn required<U>(&self, value: Option<U>) -> Result<U, ConfigError> {
        let missing = || Origin::Environment.error(&self.entry, self.entry.name, "not set, and needed to start");
        value.ok_or_else(missing)
    }
}
