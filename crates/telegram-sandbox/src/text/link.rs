//! Which links Telegram accepts, and how it rewrites them. Checked against TDLib 1.8.65.

use std::net::Ipv6Addr;

const LARGEST_USER_ID: i64 = (1 << 40) - 1;

/// The link as Telegram keeps it, or Telegram's words for what is wrong with it.
pub(crate) fn check(link: &str) -> Result<String, &'static str> {
    let Some((scheme, rest)) = telegram_scheme(link) else {
        let url = HttpUrl::parse(link)?;
        return if url.host.contains('.') || url.is_ipv6 { Ok(url.to_string()) } else { Err("Wrong HTTP URL") };
    };
    let url = HttpUrl::parse(rest)?;
    if url.has_scheme || !url.user.is_empty() || url.port.is_some() || url.is_ipv6 {
        return Err(if scheme == "tg" { "Wrong tg URL" } else { "Wrong ton URL" });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c) || (scheme == "tonsite" && c == '.');
    if !url.host.chars().all(allowed) {
        return Err("Unallowed characters in URL host");
    }
    let tail = url.tail.strip_prefix('/').filter(|tail| tail.starts_with('?')).unwrap_or(&url.tail);
    Ok(format!("{scheme}://{}{tail}", url.host))
}

/// The same for places where only https may stand, as in Web App buttons.
pub(crate) fn check_https(link: &str) -> Result<String, &'static str> {
    let (scheme, rest) = telegram_scheme(link).map_or((None, link), |(scheme, rest)| (Some(scheme), rest));
    if scheme.is_some() || !HttpUrl::parse(rest)?.https {
        return Err("Only HTTPS links are allowed");
    }
    check(link)
}

/// The user that a `tg://user?id=N` link mentions.
pub(crate) fn mentioned_user(link: &str) -> Option<i64> {
    let link = link.to_ascii_lowercase();
    let rest = link.strip_prefix("tg:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest).strip_prefix("user")?;
    let query = rest.strip_prefix('/').unwrap_or(rest).strip_prefix('?')?;
    let query = query.split('#').next()?;
    let id = query.split('&').find_map(|pair| pair.strip_prefix("id="))?;
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|id| is_number && (1..=LARGEST_USER_ID).contains(id))
}

fn telegram_scheme(link: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = link.split_once(':')?;
    let scheme = ["tg", "ton", "tonsite"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((scheme, rest.strip_prefix("//").unwrap_or(rest)))
}

/// An http or https URL in the parts that Telegram looks at.
struct HttpUrl {
    https: bool,
    has_scheme: bool,
    user: String,
    host: String,
    is_ipv6: bool,
    port: Option<u16>,
    /// Path, query and fragment; starts with a slash.
    tail: String,
}

impl HttpUrl {
    fn parse(url: &str) -> Result<Self, &'static str> {
        let (https, rest) = scheme(url)?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user_and_host, port) = split_port(authority)?;
        let (user, host) = user_and_host.rsplit_once('@').unwrap_or(("", user_and_host));
        let is_ipv6 = is_ipv6(host)?;
        match host {
            "" => return Err("URL host is empty"),
            "." => return Err("Host is invalid"),
            _ => {}
        }
        let host = host.to_ascii_lowercase();
        if !is_ipv6 {
            let words = ["Wrong percent-encoded symbol in URL host", "Disallowed character in URL host"];
            check_characters(&host, "", words)?;
            let words = ["Wrong percent-encoded symbol in URL userinfo", "Disallowed character in URL userinfo"];
            check_characters(user, ":", words)?;
        }
        let has_scheme = rest.len() < url.len();
        Ok(Self { https, has_scheme, user: user.to_owned(), host, is_ipv6, port, tail: tail_of(tail) })
    }
}

impl std::fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.https { "https://" } else { "http://" })?;
        if !self.user.is_empty() {
            write!(f, "{}@", self.user)?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.tail)
    }
}

/// Whether the URL is https, and what follows its scheme.
fn scheme(url: &str) -> Result<(bool, &str), &'static str> {
    let end = url.find([':', '/', '?', '#', '@', '[', ']']).unwrap_or(url.len());
    let (scheme, rest) = url.split_at(end);
    let Some(rest) = rest.strip_prefix("://") else { return Ok((false, url)) };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok((false, rest)),
        "https" => Ok((true, rest)),
        _ => Err("Unsupported URL protocol"),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let Some(at) = authority.rfind([':', ']', '@']).filter(|at| *at > 0) else { return Ok((authority, None)) };
    let (rest, mark) = authority.split_at(at);
    let Some(digits) = mark.strip_prefix(':') else { return Ok((authority, None)) };
    let digits = digits.trim_start_matches('0');
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|_| is_number);
    port.map(|port| (rest, Some(port))).ok_or("Wrong port number specified in the URL")
}

fn is_ipv6(host: &str) -> Result<bool, &'static str> {
    let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return Ok(false) };
    inner.parse::<Ipv6Addr>().map(|_| true).map_err(|_| "Wrong IPv6 address specified in the URL")
}

fn check_characters(part: &str, also: &str, [bad_percent, bad]: [&'static str; 2]) -> Result<(), &'static str> {
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            let mut is_hex = || rest.next().is_some_and(|digit| digit.is_ascii_hexdigit());
            if !is_hex() || !is_hex() {
                return Err(bad_percent);
            }
        } else if c.is_ascii() && !c.is_ascii_alphanumeric() && !".-_!$,~*'();&+=".contains(c) && !also.contains(c) {
            return Err(bad);
        }
    }
    Ok(())
}

fn tail_of(tail: &str) -> String {
    let tail = tail.trim_end_matches([' ', '\t', '\r', '\n', '\0', '\u{b}']);
    let mut result = String::with_capacity(tail.len() + 1);
    if !tail.starts_with('/') {
        result.push('/');
    }
    for c in tail.chars() {
        if c <= ' ' {
            result.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            result.push(c);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::{check, check_https, mentioned_user};

    /// What TDLib 1.8.65 answered to these links.
    #[test]
    fn links_are_rewritten_or_refused_in_telegrams_words() {
        let table = [
            ("example.com", Ok("http://example.com/")),
            ("HTTPS://EXAMPLE.com:0443?x#y", Ok("https://example.com:443/?x#y")),
            ("http://u:p@a.b", Ok("http://u:p@a.b/")),
            ("http://[FE80::1]:80/", Ok("http://[fe80::1]:80/")),
            ("http://127.0.0.1:8080/x", Ok("http://127.0.0.1:8080/x")),
            ("https://пример.рф/путь", Ok("https://пример.рф/путь")),
            ("http://a.b/c d  ", Ok("http://a.b/c%20d")),
            ("tg:resolve?domain=x", Ok("tg://resolve?domain=x")),
            ("tonsite:a.b", Ok("tonsite://a.b/")),
            ("", Err("URL host is empty")),
            ("http://localhost:8080", Err("Wrong HTTP URL")),
            ("not-a-url", Err("Wrong HTTP URL")),
            ("ftp://a.b", Err("Unsupported URL protocol")),
            ("http://.", Err("Host is invalid")),
            ("http://a.b:0", Err("Wrong port number specified in the URL")),
            ("http://a.b:65536", Err("Wrong port number specified in the URL")),
            ("http://[zz]", Err("Wrong IPv6 address specified in the URL")),
            ("http://a b.c", Err("Disallowed character in URL host")),
            ("http://x@y@a.b", Err("Disallowed character in URL userinfo")),
            ("http://a%4.c", Err("Wrong percent-encoded symbol in URL host")),
            ("tg://a.b", Err("Unallowed characters in URL host")),
            ("tg:http://a", Err("Wrong tg URL")),
            ("tonsite:a:5", Err("Wrong ton URL")),
        ];
        for (link, result) in table {
            assert_eq!(check(link).as_deref(), result.as_ref().copied(), "{link}");
        }
    }

    #[test]
    fn web_apps_need_https() {
        assert_eq!(check_https("https://a.b").as_deref(), Ok("https://a.b/"));
        for link in ["bad", "http://a.b", "tg://resolve"] {
            assert_eq!(check_https(link), Err("Only HTTPS links are allowed"), "{link}");
        }
    }

    #[test]
    fn mentions_name_a_user() {
        assert_eq!(mentioned_user("tg://user?id=5"), Some(5));
        assert_eq!(mentioned_user("TG:USER/?x=1&ID=7#q"), Some(7));
        for link in ["tg://user?id=0", "tg://user?id=+5", "tg://user?id=1099511627776", "tg://user", "http://user?id=5"]
        {
            assert_eq!(mentioned_user(link), None, "{link}");
        }
    }
}
