//! Checks of the configuration alone.

use std::path::Path;

use super::finding::Finding;
use crate::config::{
    Config, ConfigError, Role, Sources,
    table::{ADMIN_TOKEN, SECRET_ENCRYPTION_KEY},
};

const SUBJECT: &str = "configuration";

/// The configuration, or what is wrong with it.
pub(super) fn read(file: Option<&Path>) -> Result<Config, Vec<Finding>> {
    let sources = Sources::of_process(file).map_err(|error| vec![unusable(&error)])?;
    Config::read(&sources).map_err(|error| {
        let mut faults: Vec<_> = sources.faults().collect();
        if !faults.contains(&error) {
            // Each can be used, and they do not fit together.
            faults.push(error);
        }
        let mut findings: Vec<_> = faults.iter().map(unusable).collect();
        findings.extend(warnings(&sources.warnings()));
        findings
    })
}

fn unusable(error: &ConfigError) -> Finding {
    Finding::fail(SUBJECT, error, "docs/configuration.md explains every setting")
}

fn warnings(warnings: &[String]) -> impl Iterator<Item = Finding> {
    warnings.iter().map(|warning| Finding::warn(SUBJECT, warning))
}

/// What is set, and what `serve` will miss.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(SUBJECT, "every value can be used")];
    findings.extend(warnings(&config.warnings));
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
