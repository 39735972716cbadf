//! Outbound HTTP as a port, so that provider crates own no client and no runtime.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

/// Sends one request.
///
/// # Behavior
/// - No redirects: a 3xx is an answer like any other.
/// - A deadline over the whole call, a shorter one for the connection.
/// - At most [`MAX_RESPONSE_BYTES`] of a body are read; the rest is left and `truncated` says so.
/// - A body that breaks off is [`HttpError::Unknown`] after a success, since many services put their verdict into it.
///   Any other status says enough by itself: it is handed out with what there is of the body, as `truncated`.
/// - Errors never show the URL, since some services carry the credential in it.
#[async_trait::async_trait]
pub trait HttpClient: Send + Sync {
    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// [`HttpError`] says whether the service may have received the request.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError>;
}

/// The greatest part of a response body that is read, in bytes.
pub const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// A request. Its URL, headers and body never show in `Debug`.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to. May contain a credential.
    pub url: Url,
    /// The headers. May contain a credential.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: HttpBody,
}

/// The body of a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum HttpBody {
    /// Bytes as they are; empty for none.
    Bytes(Bytes),
}

impl HttpRequest {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: HttpBody::Bytes(Bytes::new()) }
    }

    /// A GET.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST of these bytes, which are of that type.
    #[must_use]
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { body: HttpBody::Bytes(body.into()), ..Self::new(Method::POST, url) }
            .header(CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    /// A POST of a JSON value.
    #[must_use]
    pub fn post_json(url: Url, body: &serde_json::Value) -> Self {
        Self::post(url, "application/json", body.to_string())
    }

    /// The same with a bearer token (RFC 6750, section 2.1).
    ///
    /// # Errors
    /// The token holds characters that cannot be sent in a header.
    pub fn bearer(self, token: &SecretString) -> Result<Self, InvalidHeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(self.header(AUTHORIZATION, value))
    }

    /// The same with a user name and a password (RFC 7617, section 2). The name has no colon in it.
    ///
    /// # Errors
    /// None in fact: base64 can be sent in a header.
    pub fn basic(self, user: &str, password: &SecretString) -> Result<Self, InvalidHeaderValue> {
        let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&text)?;
        value.set_sensitive(true);
        Ok(self.header(AUTHORIZATION, value))
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// An answer. Its body does not show in `Debug`, since services echo what they were sent.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or its beginning.
    pub body: Bytes,
    /// Whether there was more of the body, or should have been.
    pub truncated: bool,
}

impl HttpResponse {
    /// The body, if it is JSON of that form.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The request did not leave: name not found, connection refused, TLS failed.
    #[error("could not connect: {reason}")]
    NotSent {
        /// Our own words for it.
        reason: &'static str,
    },
    /// The connection did not open in time, so nothing was sent.
    #[error("the connection did not open in time")]
    ConnectTimeout,
    /// The request was sent, at least in part, and no whole answer came: it may or may not have taken effect.
    #[error("no answer: {reason}")]
    Unknown {
        /// Our own words for it.
        reason: &'static str,
    },
    /// The URL is not one that tenants may call. Nothing was sent.
    #[error("the address is not allowed: it must be public and https, without user name and password")]
    Blocked,
}

/// The two ways out.
#[derive(Clone)]
pub struct Outbound {
    /// For base URLs that the operator configured. May reach private addresses.
    pub trusted: Arc<dyn HttpClient>,
    /// For URLs that tenants give. Reaches public addresses only.
    pub guarded: Arc<dyn HttpClient>,
}

/// Which way out a provider needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// The operator decides where requests go.
    Trusted,
    /// Tenants decide where requests go. Errors show the status and our own words, never what came back.
    Guarded,
}

impl Outbound {
    /// The client for that way.
    #[must_use]
    pub fn client(&self, egress: Egress) -> &dyn HttpClient {
        match egress {
            Egress::Trusted => self.trusted.as_ref(),
            Egress::Guarded => self.guarded.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stand_in_a_header_that_is_not_shown() {
        let request = || HttpRequest::get("https://example.org/".parse().unwrap());
        let with = [
            // The example of RFC 7617.
            (request().basic("Aladdin", &"open sesame".into()), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            (request().bearer(&"a-token".into()), "Bearer a-token"),
        ];
        for (request, text) in with {
            let headers = request.unwrap().headers;
            assert_eq!(headers[AUTHORIZATION], text);
            assert!(!format!("{headers:?}").contains(text), "{headers:?}");
        }
        assert!(request().bearer(&"two\nlines".into()).is_err());
    }
}
