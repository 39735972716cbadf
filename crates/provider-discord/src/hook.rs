//! The URL of a webhook: which one it is, and the token that allows to post to it.

use std::num::NonZeroU64;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::{Host, Url};

/// Discord under its names: now, in its two preview builds, and before 2020.
const HOSTS: [&str; 6] = [
    "discord.com",
    "ptb.discord.com",
    "canary.discord.com",
    "discordapp.com",
    "ptb.discordapp.com",
    "canary.discordapp.com",
];

/// A webhook's URL, taken apart. Its host is checked and then forgotten, since it is the same Discord behind all of
/// them.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretString")]
pub struct HookUrl {
    id: NonZeroU64,
    token: SecretString,
}

impl HookUrl {
    /// The webhook's id. No secret.
    #[must_use]
    pub fn id(&self) -> NonZeroU64 {
        self.id
    }

    /// The token, for the path of a request.
    pub(crate) fn expose_token(&self) -> &str {
        self.token.expose_secret()
    }
}

impl TryFrom<SecretString> for HookUrl {
    type Error = &'static str;

    fn try_from(text: SecretString) -> Result<Self, &'static str> {
        const WRONG: &str = "must be the URL of a webhook as Discord gives it: https://discord.com/api/webhooks/, digits, a slash, a token";
        let url = Url::parse(text.expose_secret()).map_err(|_| WRONG)?;
        let is_discord = matches!(url.host(), Some(Host::Domain(name)) if HOSTS.contains(&name));
        let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        if !is_discord || !is_plain || url.port().is_some() {
            return Err(WRONG);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end after the token; give the id of a thread in threadId");
        }
        let (id, token) = id_and_token(url.path()).ok_or(WRONG)?;
        Ok(Self { id, token: token.into() })
    }
}

/// Takes `/api/webhooks/{id}/{token}` apart; there may be a version after `/api`, and a slash at the end.
fn id_and_token(path: &str) -> Option<(NonZeroU64, &str)> {
    let rest = path.strip_prefix("/api/")?;
    let unversioned =
        rest.split_once('/').filter(|(version, _)| version.starts_with('v')).map_or(rest, |(_, rest)| rest);
    let (id, token) = unversioned.strip_prefix("webhooks/")?.split_once('/')?;
    let token = token.strip_suffix('/').unwrap_or(token);
    let is_token = (20..=256).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let id = id.bytes().all(|b| b.is_ascii_digit()).then(|| id.parse().ok()).flatten()?;
    is_token.then_some((id, token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TOKEN: &str = "Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab_-9Ab9";

    fn read(url: &str) -> Result<HookUrl, String> {
        serde_json::from_value(json!(url)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_spelling_is_the_same_webhook() {
        for start in [
            "https://discord.com/api/webhooks",
            " https://DISCORD.com:443/api/v10/webhooks",
            "https://ptb.discord.com/api/webhooks",
            "https://canary.discord.com/api/v9/webhooks",
            "https://discordapp.com/api/webhooks",
        ] {
            for end in ["", "/", "\n"] {
                let hook = read(&format!("{start}/223704706495545344/{TOKEN}{end}")).unwrap();
                assert_eq!((hook.id().get(), hook.expose_token()), (223_704_706_495_545_344, TOKEN));
                assert!(!format!("{hook:?}").contains("Ab_"), "{hook:?}");
            }
        }
    }

    #[test]
    fn what_is_no_webhook_of_discord_is_refused_without_its_value() {
        for wrong in [
            String::new(),
            TOKEN.to_owned(),
            format!("http://discord.com/api/webhooks/1/{TOKEN}"),
            format!("https://discord.com.example/api/webhooks/1/{TOKEN}"),
            format!("https://evil.example/api/webhooks/1/{TOKEN}"),
            format!("https://user@discord.com/api/webhooks/1/{TOKEN}"),
            format!("https://discord.com@evil.example/api/webhooks/1/{TOKEN}"),
            format!("https://discord.com:8443/api/webhooks/1/{TOKEN}"),
            format!("https://discord.com/webhooks/1/{TOKEN}"),
            format!("https://discord.com/api/webhooks/x/{TOKEN}"),
            format!("https://discord.com/api/webhooks/0/{TOKEN}"),
            format!("https://discord.com/api/webhooks/+1/{TOKEN}"),
            format!("https://discord.com/api/webhooks/1/{TOKEN}/slack"),
            format!("https://discord.com/api/webhooks/1/{TOKEN}?thread_id=2"),
            format!("https://discord.com/api/webhooks/1/{TOKEN}%2F"),
            "https://discord.com/api/webhooks/1/short".to_owned(),
            "https://discord.com/api/webhooks/1".to_owned(),
        ] {
            let error = read(&wrong).unwrap_err();
            assert!(error.starts_with("must ") && !error.contains("Ab_"), "{wrong}: {error}");
        }
    }
}
