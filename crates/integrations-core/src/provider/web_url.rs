//! URLs that users fill in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// An `https` URL without user name, password and fragment. Whether its host may be called is for the guarded
/// [`HttpClient`](crate::HttpClient) to say, when it knows the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("format" = "uri", "pattern" = "^\\s*https://", "maxLength" = HttpsUrl::LONGEST))]
pub struct HttpsUrl(Url);

impl HttpsUrl {
    /// The greatest length, in bytes.
    const LONGEST: usize = 2048;

    /// The URL, to send a request to.
    #[must_use]
    pub fn to_url(&self) -> Url {
        self.0.clone()
    }

    /// The normalized text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host as people know it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

/// Shows the host only: many services have a credential in the rest.
impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpsUrl({}…)", self.host())
    }
}

impl TryFrom<String> for HttpsUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let url = Url::parse(&text).map_err(|_| "must be a whole URL, such as https://example.org/path")?;
        if url.scheme() != "https" {
            return Err("must begin with https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password");
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment, the part from # on: it is never sent");
        }
        if url.as_str().len() > Self::LONGEST {
            return Err("must be at most 2048 bytes long");
        }
        Ok(Self(url))
    }
}

impl From<HttpsUrl> for String {
    fn from(url: HttpsUrl) -> Self {
        url.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn urls_are_normalized() {
        for (typed, kept) in [
            (" https://Example.ORG:443 ", "https://example.org/"),
            ("https://bücher.example/a b?x=1", "https://xn--bcher-kva.example/a%20b?x=1"),
            ("HTTPS://example.org/../hook/", "https://example.org/hook/"),
        ] {
            let url: HttpsUrl = serde_json::from_value(json!(typed)).unwrap();
            assert_eq!(serde_json::to_value(&url).unwrap(), kept);
            assert_eq!(serde_json::from_value::<HttpsUrl>(json!(kept)).unwrap(), url);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let long = format!("https://example.org/{}", "hunter2".repeat(300));
        for wrong in [
            "",
            "hunter2",
            "example.org/hunter2",
            "http://example.org/hunter2",
            "file:///hunter2",
            "https:///",
            "https://user:hunter2@example.org/",
            "https://hunter2@example.org/",
            "https://example.org/#hunter2",
            "https://[::hunter2]/",
            &long,
        ] {
            let error = serde_json::from_value::<HttpsUrl>(json!(wrong)).unwrap_err().to_string();
            assert!(error.starts_with("must ") && !error.contains("hunter2"), "{wrong}: {error}");
        }
    }

    #[test]
    fn debug_shows_the_host_only() {
        let url: HttpsUrl = serde_json::from_value(json!("https://example.org/hooks/hunter2")).unwrap();
        assert_eq!(format!("{url:?}"), "HttpsUrl(example.org…)");
    }
}
