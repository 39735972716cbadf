//! What the server must be like, read from its `INFO`, which managed services allow where they forbid `CONFIG`.

use crate::{ConnectError, Fault, link::Link};

/// The oldest version that has every command of the scripts.
const OLDEST: (u32, u32) = (6, 2);

/// Asks the server. What it does not say is told in the log.
pub(crate) async fn verify(link: &Link) -> Result<(), ConnectError> {
    let unknown = match link.info().await {
        Err(Fault::Permission) => vec!["version", "maxmemory-policy"],
        info => check(&info?)?,
    };
    if !unknown.is_empty() {
        tracing::warn!(?unknown, "Redis does not say this about itself; it must be 6.2 or newer, with `noeviction`");
    }
    Ok(())
}

/// What the server does not say about itself, and so could not be checked.
fn check(info: &str) -> Result<Vec<&'static str>, ConnectError> {
    let mut unknown = Vec::new();
    match field(info, "redis_version").and_then(version) {
        None => unknown.push("version"),
        Some((major, minor)) if (major, minor) < OLDEST => return Err(ConnectError::TooOld { major, minor }),
        Some(_) => {}
    }
    match field(info, "maxmemory_policy") {
        None => unknown.push("maxmemory-policy"),
        Some("noeviction") => {}
        Some(_) => return Err(ConnectError::Evicting),
    }
    Ok(unknown)
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.split_once(':').filter(|(key, _)| *key == name)).map(|(_, value)| value.trim())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, check};

    fn info(version: &str, policy: &str) -> String {
        format!("# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\n\r\nmaxmemory_policy:{policy}\r\n")
    }

    #[test]
    fn a_server_that_keeps_everything_is_fine_from_6_2_on() {
        for version in ["6.2.0", "7.0.15", "10.0.0"] {
            assert_eq!(check(&info(version, "noeviction")).unwrap(), [""; 0]);
        }
        let error = check(&info("6.0.16", "noeviction")).unwrap_err();
        assert_eq!(error.to_string(), "Redis 6.0 is too old; the queue needs 6.2 or newer");
        assert!(matches!(check(&info("5.9.1", "noeviction")), Err(ConnectError::TooOld { major: 5, minor: 9 })));
    }

    #[test]
    fn a_server_that_evicts_is_refused_whatever_it_evicts() {
        for policy in ["allkeys-lru", "volatile-ttl", "volatile-lru"] {
            assert!(matches!(check(&info("7.2.4", policy)), Err(ConnectError::Evicting)), "{policy}");
        }
    }

    #[test]
    fn what_is_not_said_is_named() {
        assert_eq!(check("redis_version:unstable\r\n").unwrap(), ["version", "maxmemory-policy"]);
    }
}
