//! The client: how it is set up, and one call from request to answer.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use integrations_core::{HttpBody, HttpClient, HttpError, HttpRequest, HttpResponse, MAX_RESPONSE_BYTES, Outbound};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::{
    allow::AllowList,
    failure,
    gate::{Gate, SystemLookup},
    guard::is_public,
};

/// How long a connection without work is kept: less than the 75 s after which common servers close it, since a request
/// that meets such a close on its way is one whose fate nobody knows.
const IDLE: Duration = Duration::from_secs(60);

/// How clients call out.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// For name, TCP and TLS together. Keep it below `total_timeout`: a call that ends by that one counts as sent.
    pub connect_timeout: Duration,
    /// For the whole call, from the name to the last byte of the answer.
    pub total_timeout: Duration,
    /// The header of that name.
    pub user_agent: HeaderValue,
    /// Whether a guarded client accepts `http://` too. A trusted one always does.
    pub allow_http: bool,
    /// What a guarded client reaches although it is not public.
    pub allow: AllowList,
}

impl Default for HttpConfig {
    /// 5 s to connect, 15 s for all, guarded calls over https only.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            user_agent: HeaderValue::from_static(concat!("integrations/", env!("CARGO_PKG_VERSION"))),
            allow_http: false,
            allow: AllowList::default(),
        }
    }
}

/// The client cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// TLS needs the root certificates of the system.
    #[error("no trusted root certificates ({0}); install them, in Debian by the package ca-certificates")]
    Tls(#[from] rustls::Error),
    /// Anything else.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// The outbound HTTP port on reqwest. Cloning is cheap, and clones share their connections.
#[derive(Clone)]
pub struct ReqwestClient {
    client: reqwest::Client,
    gate: Option<Arc<Gate>>,
}

/// Both ways out, with the same configuration.
///
/// # Errors
/// See [`SetupError`].
pub fn outbound(config: &HttpConfig) -> Result<Outbound, SetupError> {
    let trusted = Arc::new(ReqwestClient::trusted(config)?);
    Ok(Outbound { trusted, guarded: Arc::new(ReqwestClient::guarded(config)?) })
}

impl ReqwestClient {
    /// A client for URLs that the operator chose. Goes anywhere.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn trusted(config: &HttpConfig) -> Result<Self, SetupError> {
        Ok(Self { client: builder(config)?.build()?, gate: None })
    }

    /// A client for URLs that tenants give: to public addresses (see [`is_public`]) and what the configuration lists,
    /// on ports 80, 443 and from 1024, over https unless the configuration allows http, and without user name or
    /// password. Anything else is [`HttpError::Blocked`].
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn guarded(config: &HttpConfig) -> Result<Self, SetupError> {
        let listed = Arc::new(config.allow.clone());
        let (allow_http, lookup) = (config.allow_http, Arc::new(SystemLookup));
        let gate = Gate { allowed: is_public, listed, allow_http, lookup };
        Self::behind(gate, config)
    }

    pub(crate) fn behind(gate: Gate, config: &HttpConfig) -> Result<Self, SetupError> {
        let gate = Arc::new(gate);
        Ok(Self { client: builder(config)?.dns_resolver(gate.clone()).build()?, gate: Some(gate) })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the HttpClient port")]
fn builder(config: &HttpConfig) -> Result<reqwest::ClientBuilder, SetupError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would resolve names itself, past the gate.
        .no_proxy()
        .user_agent(config.user_agent.clone())
        .connect_timeout(config.connect_timeout)
        .timeout(config.total_timeout)
        .pool_idle_timeout(IDLE)
        .tcp_nodelay(true))
}

#[async_trait::async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let HttpRequest { method, url, headers, body: HttpBody::Bytes(body) } = request else {
            return Err(HttpError::NotSent { reason: "this kind of body is not supported" });
        };
        if let Some(gate) = &self.gate {
            gate.check(&url)?;
        }
        let mut call = reqwest::Request::new(method, url);
        *call.headers_mut() = headers;
        *call.body_mut() = Some(body.into());
        let mut answer = self.client.execute(call).await.map_err(|error| failure::without_answer(&error))?;
        let (body, truncated) = read_body(&mut answer).await?;
        Ok(HttpResponse { status: answer.status(), headers: std::mem::take(answer.headers_mut()), body, truncated })
    }
}

/// Reads as much as the port allows, and whether there was more.
///
/// If the body breaks off, a status other than success is handed out with what there is, since it says enough by
/// itself. A success is an error then: many services put their verdict into the body.
async fn read_body(answer: &mut reqwest::Response) -> Result<(Bytes, bool), HttpError> {
    let mut body = BytesMut::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => {
                let room = MAX_RESPONSE_BYTES - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    return Ok((body.freeze(), true));
                }
            }
            Ok(None) => return Ok((body.freeze(), false)),
            Err(_) if !answer.status().is_success() => return Ok((body.freeze(), true)),
            Err(error) => return Err(failure::within_answer(&error)),
        }
    }
}
