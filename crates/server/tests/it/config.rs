//! Helpers: a configuration out of given variables and a given file.

use std::{ffi::OsString, path::Path};

use server::config::{Config, ConfigError, Sources};

/// The configuration of an environment.
pub(crate) fn of(environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    with_file(environment, None)
}

/// The configuration of an environment and a file.
pub(crate) fn with_file(environment: &[(&str, &str)], file: Option<&Path>) -> Result<Config, ConfigError> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::read(&Sources::new(environment, file)?)
}

/// The one line that such an environment is refused with.
pub(crate) fn refusal(environment: &[(&str, &str)]) -> String {
    let line = of(environment).unwrap_err().to_string();
    assert_eq!(line.lines().count(), 1, "{line:?}");
    line
}
