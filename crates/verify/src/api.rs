//! The server's HTTP API as a caller sees it, without a library that would hide connections.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A caller who may do everything.
#[derive(Debug, Clone)]
pub struct Api {
    address: SocketAddr,
    token: String,
    organization: Option<String>,
}

impl Api {
    /// A caller with the admin token.
    #[must_use]
    pub fn new(address: SocketAddr, admin_token: &str) -> Self {
        Self { address, token: admin_token.to_owned(), organization: None }
    }

    /// The same caller, acting for an organization.
    pub fn acting_for(&self, organization: &str) -> Self {
        Self { organization: Some(organization.to_owned()), ..self.clone() }
    }

    /// A connection of its own.
    pub async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender or with the server, and the sender tells how.
        tokio::spawn(driver);
        Ok(Connection { api: self.clone(), sender })
    }

    /// Reads something, over a connection of its own.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::GET, path, Content::none()).await
    }

    /// Writes something, over a connection of its own.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        self.call(Method::POST, path, Content::json(body)).await
    }

    async fn call<T: DeserializeOwned>(&self, method: Method, path: &str, content: Content) -> Result<T> {
        let what = format!("{method} {path}");
        let answer = self.connect().await?.send(method, path, content).await.with_context(|| what.clone())?;
        if !answer.status.is_success() {
            bail!("{what}: {answer}");
        }
        answer.json().context(what)
    }

    fn request(&self, method: Method, path: &str, content: Content) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, content.media_type);
        if let Some(organization) = &self.organization {
            request = request.header("x-org-id", organization);
        }
        Ok(request.body(Full::new(content.bytes))?)
    }
}

/// What is sent along.
pub struct Content {
    media_type: &'static str,
    bytes: Bytes,
}

impl Content {
    fn none() -> Self {
        Self { media_type: "application/json", bytes: Bytes::new() }
    }

    /// A JSON value.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self { media_type: "application/json", bytes: value.to_string().into() }
    }

    /// A raw mail.
    pub fn mail(text: impl Into<Bytes>) -> Self {
        Self { media_type: "message/rfc822", bytes: text.into() }
    }
}

/// One connection to the server.
pub struct Connection {
    api: Api,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Acts for an organization from now on.
    pub fn act_for(&mut self, organization: &str) {
        if self.api.organization.as_deref() != Some(organization) {
            self.api.organization = Some(organization.to_owned());
        }
    }

    /// Sends a request and reads its answer to the end. An error means that there is no whole answer.
    pub async fn send(&mut self, method: Method, path: &str, content: Content) -> Result<Answer> {
        let request = self.api.request(method, path, content)?;
        let exchange = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let status = answer.status();
            Ok::<_, hyper::Error>(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
        };
        Ok(timeout(PATIENCE, exchange).await.context("the server takes too long to answer")??)
    }
}

/// An answer that was read to the end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// Its body, which must be JSON of that form.
    ///
    /// # Errors
    /// It is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).with_context(|| format!("not as expected: {self}"))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), String::from_utf8_lossy(&self.body))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use telegram_sandbox::{NewChat, Sandbox};

    use super::*;

    #[tokio::test]
    async fn calls_are_answered_over_connections_that_last() {
        let stub = Sandbox::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let api = Api::new(stub.addr(), "token").acting_for("org_1");
        stub.world().add_chat(NewChat::private(1001, "Ada")).unwrap();
        let bot: Value = api.post("/sandbox/bots", &json!({"id": 42})).await.unwrap();
        assert!(bot.get("token").is_some(), "{bot}");
        let mut connection = api.connect().await.unwrap();
        for count in 1..=3 {
            let say = Content::json(&json!({"text": "hello"}));
            let answer = connection.send(Method::POST, "/sandbox/chats/1001/say", say).await.unwrap();
            assert!(answer.status.is_success(), "{answer}");
            assert_eq!(stub.world().chat(1001).unwrap().messages.len(), count);
        }
    }

    #[tokio::test]
    async fn refusals_name_the_call_and_a_dead_server_is_an_error() {
        let stub = Sandbox::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let api = Api::new(stub.addr(), "token");
        let error = api.get::<Value>("/sandbox/chats/5").await.unwrap_err();
        assert!(error.to_string().starts_with("GET /sandbox/chats/5: 4"), "{error}");
        let mut connection = api.connect().await.unwrap();
        stub.shutdown().await;
        assert!(connection.send(Method::GET, "/sandbox/chats", Content::none()).await.is_err());
        assert!(api.connect().await.is_err());
    }
}
