//! A small client of the server's own API.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use http::{HeaderName, HeaderValue, Method, header};
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpBody, HttpClient as _, HttpRequest};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

const ORGANIZATION: HeaderName = HeaderName::from_static("x-org-id");

pub(crate) struct Client {
    http: ReqwestClient,
    base: Url,
    token: SecretString,
    organization: Option<String>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr, token: SecretString) -> anyhow::Result<Self> {
        let base = Url::parse(&format!("http://{server}"))?;
        Ok(Self { http: ReqwestClient::trusted(&HttpConfig::default())?, base, token, organization: None })
    }

    /// From now on speaks for this organization.
    pub(crate) fn act_for(&mut self, organization: String) {
        self.organization = Some(organization);
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(HttpRequest::new(Method::GET, self.base.join(path)?)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(HttpRequest::post_json(self.base.join(path)?, body)).await
    }

    /// Hands in a raw mail.
    pub(crate) async fn send_mail(&self, recipient: &str, mail: &'static [u8]) -> anyhow::Result<Value> {
        let mut url = self.base.join("/v1/emails")?;
        url.query_pairs_mut().append_pair("recipient", recipient);
        let mut request = HttpRequest::new(Method::POST, url)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
        request.body = HttpBody::Bytes(mail.into());
        self.send(request).await
    }

    async fn send(&self, request: HttpRequest) -> anyhow::Result<Value> {
        let bearer = HeaderValue::try_from(format!("Bearer {}", self.token.expose_secret()))?;
        let mut request = request.header(header::AUTHORIZATION, bearer);
        if let Some(organization) = &self.organization {
            request = request.header(ORGANIZATION, HeaderValue::try_from(organization)?);
        }
        let answer = self.http.send(request).await.context("the server does not answer")?;
        let body: Value = serde_json::from_slice(&answer.body).context("the server's answer is not JSON")?;
        if !answer.status.is_success() {
            bail!("the server refuses ({}): {}", answer.status.as_u16(), reason(&body));
        }
        Ok(body)
    }
}

/// What is wrong, in the words of a problem answer: each error with its place, or else the whole.
fn reason(problem: &Value) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let errors = problem.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if errors.is_empty() {
        return text(problem, "detail");
    }
    let errors = errors.iter().map(|error| format!("{} {}", text(error, "pointer"), text(error, "detail")));
    errors.collect::<Vec<_>>().join("; ")
}
