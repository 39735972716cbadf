//! Checks of the configuration alone.

use super::finding::Finding;
use crate::config::{
    Config, ConfigError, Role,
    table::{ADMIN_TOKEN, SECRET_ENCRYPTION_KEY},
};

const SUBJECT: &str = "configuration";

/// The finding about a configuration that cannot be read.
pub(super) fn unusable(error: &ConfigError) -> Finding {
    Finding::fail(SUBJECT, error, "docs/configuration.md explains every setting")
}

/// What is set, and what `serve` will miss.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(SUBJECT, "every value can be used")];
    findings.extend(config.warnings.iter().map(|warning| Finding::warn(SUBJECT, warning)));
    findings.push(match SECRET_ENCRYPTION_KEY.required(config.keys.current.as_ref()) {
        Ok(key) => Finding::ok("key", format!("{}, and {} that only open", key.id(), config.keys.previous.len())),
        Err(error) => Finding::fail("key", error, "make one key and keep it, since nothing else opens what it seals"),
    });
    findings.push(match ADMIN_TOKEN.required(config.http.admin_token.as_ref()) {
        Ok(_) => Finding::ok("admin token", "set"),
        Err(_) if config.role == Role::Worker => Finding::ok("admin token", "not needed by a worker"),
        Err(error) => Finding::fail("admin token", error, "it is the way to administer the server"),
    });
    findings
}
