//! `doctor`: looks at everything that `serve` needs, changes nothing, and says what to do.

mod credentials;
mod finding;
mod network;
mod queue;
mod settings;
mod store;

use std::{
    io::{self, Write as _},
    path::Path,
};

use integrations::SystemClock;
use integrations_core::{Registry, SecretCipher};

use crate::{config::Config, telemetry, wire};
use credentials::Verifier;
use finding::{Finding, Level};

/// Checks everything and prints what it finds. `true` if nothing failed.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) async fn run(
    file: Option<&Path>,
    registry: impl FnOnce(&Config) -> Registry,
    live: bool,
) -> io::Result<bool> {
    let findings = match settings::read(file) {
        Err(findings) => findings,
        Ok(config) => {
            telemetry::init(&config.log);
            let registry = registry(&config);
            checks(&config, &registry, live).await
        }
    };
    let mut out = io::stdout().lock();
    findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
    Ok(findings.iter().all(|finding| finding.level != Level::Fail))
}

async fn checks(config: &Config, registry: &Registry, live: bool) -> Vec<Finding> {
    let mut findings = settings::check(config);
    findings.push(queue::check(config).await);
    let outbound = match wire::outbound(config) {
        Ok(outbound) => outbound,
        Err(error) => {
            findings.push(Finding::fail("network", format!("{error:#}"), "nothing can be sent without it"));
            return findings;
        }
    };
    findings.push(network::listen(config.http.listen, &*outbound.trusted).await);
    if live {
        findings.push(network::telegram(&config.telegram.api_base_url, &*outbound.trusted).await);
    }
    let store = match store::open(&config.store).await {
        Ok(store) => store,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    // Without a key there is a finding already.
    let cipher = wire::cipher(config).ok();
    let cipher = cipher.as_ref().map(|cipher| cipher as &dyn SecretCipher);
    findings.extend(store::check(&store, &config.store, cipher).await);
    if let Some(cipher) = cipher.filter(|_| live) {
        let clock = &SystemClock::new();
        findings.extend(Verifier { store: &store, cipher, registry, outbound: &outbound, clock }.check().await);
    }
    store.close().await;
    findings
}
