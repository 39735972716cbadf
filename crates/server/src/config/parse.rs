//! Reading values: text in, a typed value or the fault of the text out. Texts that may hold a secret are not shown.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};

use cipher_ring::Key;
use integrations_core::{AddressName, text};
use secrecy::SecretString;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::{LogFormat, Queue, Role, setting::Fault};
use crate::telemetry::LogFilter;

/// The shortest admin token, in characters.
const MIN_TOKEN: usize = 32;
/// The longest: a header with it still fits everywhere.
const MAX_TOKEN: usize = 1024;
/// How much of a bad value is shown, in characters.
const SHOWN: usize = 60;

pub(super) fn whole<T>(text: &str, range: &RangeInclusive<T>) -> Result<T, Fault>
where
    T: FromStr + PartialOrd + Display,
{
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("{} is not a whole number from {} to {}", quoted(text), range.start(), range.end()))
}

/// A duration that may not be zero, and why not.
pub(super) fn seconds(text: &str, most: u32, zero: &str) -> Result<Duration, Fault> {
    match whole(text, &(0..=most))? {
        0 => Err(format!("0 {zero}; it must be from 1 to {most}")),
        number => Ok(Duration::from_secs(number.into())),
    }
}

pub(super) fn seconds_or_zero(text: &str, most: u32) -> Result<Duration, Fault> {
    whole(text, &(0..=most)).map(|number| Duration::from_secs(number.into()))
}

pub(super) fn on_off(text: &str) -> Result<bool, Fault> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("{} is neither `on` nor `off`", quoted(other))),
    }
}

pub(super) fn key(text: &str) -> Result<Key, Fault> {
    Key::from_base64(text).map_err(|error| error.to_string())
}

pub(super) fn keys(text: &str) -> Result<Vec<Key>, Fault> {
    let read = |(text, number): (&str, usize)| key(text).map_err(|fault| format!("key number {number}: {fault}"));
    items(text).zip(1..).map(read).collect()
}

pub(super) fn admin_token(text: &str) -> Result<SecretString, Fault> {
    let length = text.chars().count();
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err("only letters, digits and signs of ASCII without spaces can be sent in a header".to_owned());
    }
    if !(MIN_TOKEN..=MAX_TOKEN).contains(&length) {
        return Err(format!("{length} characters long; it must have from {MIN_TOKEN} to {MAX_TOKEN}"));
    }
    Ok(text.into())
}

/// `sqlite://` and the path of a file.
pub(super) fn sqlite_path(text: &str) -> Result<PathBuf, Fault> {
    if text.contains(":memory:") {
        return Err("a store in memory would lose what was accepted; it must be a file".to_owned());
    }
    let path = text.strip_prefix("sqlite://").ok_or("does not begin with `sqlite://`, the only store there is")?;
    if path.is_empty() || path.ends_with('/') || path.contains(['?', '#']) {
        return Err("after `sqlite://` must stand the path of a file, without parameters".to_owned());
    }
    Ok(path.into())
}

/// `embedded`, or the URL of a Redis. It is not shown: it may hold a password.
pub(super) fn queue(text: &str) -> Result<Queue, Fault> {
    match text.split_once("://") {
        None if text == "embedded" => Ok(Queue::Embedded),
        Some(("redis" | "rediss" | "redis+unix", _)) => {
            let url = SecretString::from(text);
            queue_redis::check_url(&url).map_err(|error| error.to_string())?;
            Ok(Queue::Redis(url))
        }
        _ => Err("is neither `embedded` nor a URL that begins with `redis://` or `rediss://`".to_owned()),
    }
}

pub(super) fn role(text: &str) -> Result<Role, Fault> {
    match text {
        "all" => Ok(Role::All),
        "api" => Ok(Role::Api),
        "worker" => Ok(Role::Worker),
        other => Err(format!("{} is none of `all`, `api` and `worker`", quoted(other))),
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Fault> {
    text.parse().map_err(|_| format!("{} is not an IP address and a port", quoted(text)))
}

/// Domains, lower-case, each one once.
pub(super) fn domains(text: &str) -> Result<Vec<String>, Fault> {
    let mut domains: Vec<String> = Vec::new();
    for item in items(text) {
        let name = AddressName::new("x", item).map_err(|error| format!("{}: {error}", quoted(item)))?;
        if !domains.iter().any(|domain| domain == name.domain()) {
            domains.push(name.domain().to_owned());
        }
    }
    if domains.is_empty() { Err("names no domain".to_owned()) } else { Ok(domains) }
}

/// A URL to which paths are added. It is not shown: it may hold a password that does not belong there.
pub(super) fn base_url(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with `https://` or `http://`".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with the path, without `?` and `#`".to_owned());
    }
    Ok(url)
}

/// Levels, as in `info` or `info,store_sqlite=debug`.
pub(super) fn log_filter(text: &str) -> Result<LogFilter, Fault> {
    let mut filter = LogFilter::default();
    for item in items(text) {
        let (part, level) =
            item.split_once('=').map_or((None, item), |(part, level)| (Some(part.trim()), level.trim()));
        let known = level.parse::<LevelFilter>().ok().filter(|_| !level.is_empty() && part != Some(""));
        let level = known.ok_or_else(|| format!("{} is neither a level nor `part=level`", quoted(item)))?;
        filter = match part {
            None => filter.with_default(level),
            Some(part) => filter.with_part(part, level),
        };
    }
    Ok(filter)
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Fault> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("{} is neither `text` nor `json`", quoted(other))),
    }
}

/// A secret that is only passed on.
pub(super) fn secret(text: &str) -> Result<SecretString, Fault> {
    Ok(text.into())
}

/// The items of a comma list; empty ones do not count.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// A bad value as it is shown: in one line, and not all of it if it is long.
fn quoted(value: &str) -> String {
    format!("{:?}", text::cut(value, SHOWN))
}
