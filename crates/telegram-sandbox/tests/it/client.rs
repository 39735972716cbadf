//! A minimal HTTP client, and a sandbox with one bot to use it on.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use telegram_sandbox::{Config, NewBot, NewChat, Sandbox, Standing, World};
use tokio::net::TcpStream;

/// The bot of these tests.
pub(crate) const BOT: i64 = 42;
/// A private chat in which the bot may write.
pub(crate) const ADA: i64 = 1001;

/// A sandbox with a bot, and its private chat with Ada.
pub(crate) struct Fixture {
    pub(crate) sandbox: Sandbox,
    pub(crate) token: String,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let sandbox = Sandbox::start_with("127.0.0.1:0".parse().unwrap(), config).await.unwrap();
        let token = sandbox.world().add_bot(NewBot::new(BOT).username("inbox_bot").name("Inbox")).unwrap();
        sandbox.world().add_chat(NewChat::private(ADA, "Ada").bot(BOT, Standing::Member)).unwrap();
        Self { sandbox, token }
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        self.sandbox.world()
    }

    pub(crate) fn path(&self, method: &str) -> String {
        format!("/bot{}/{method}", self.token)
    }

    /// Calls a method with JSON arguments.
    pub(crate) async fn call(&self, method: &str, args: Value) -> Reply {
        self.post(&self.path(method), "application/json", args.to_string()).await
    }

    /// Sends a plain text.
    pub(crate) async fn send(&self, chat: i64, text: &str) -> Reply {
        self.call("sendMessage", json!({"chat_id": chat, "text": text})).await
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: String) -> Reply {
        request(self.sandbox.addr(), Method::POST, path, content_type, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        request(self.sandbox.addr(), Method::GET, path, "", String::new()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        request(self.sandbox.addr(), Method::DELETE, path, "", String::new()).await
    }

    /// Makes a call whose answer is not expected to be in order.
    pub(crate) async fn raw(&self, method: &str, args: Value) -> hyper::Result<Response<Incoming>> {
        exchange(self.sandbox.addr(), Method::POST, &self.path(method), "application/json", args.to_string()).await
    }
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The result of a call that went well.
    pub(crate) fn ok(&self) -> Value {
        let mut body = self.json();
        assert_eq!((self.status, &body["ok"]), (StatusCode::OK, &json!(true)), "{body}");
        body["result"].take()
    }

    /// The status and description of a refusal; that they are in the body too is checked here.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["ok"], json!(false), "{body}");
        assert_eq!(body["error_code"], json!(self.status.as_u16()), "{body}");
        (self.status.as_u16(), body["description"].as_str().unwrap().to_owned())
    }

    /// Checks that the call was refused as a bad request, and for this reason.
    pub(crate) fn assert_bad(&self, reason: &str) {
        assert_eq!(self.refusal(), (400, format!("Bad Request: {reason}")));
    }

    /// Checks that the call was forbidden, and for this reason.
    pub(crate) fn assert_forbidden(&self, reason: &str) {
        assert_eq!(self.refusal(), (403, format!("Forbidden: {reason}")));
    }
}

async fn request(addr: SocketAddr, method: Method, path: &str, content_type: &str, body: String) -> Reply {
    let response = exchange(addr, method, path, content_type, body).await.unwrap();
    let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Reply { status, retry_after, text: String::from_utf8(body.into()).unwrap() }
}

async fn exchange(
    addr: SocketAddr,
    method: Method,
    path: &str,
    content_type: &str,
    body: String,
) -> hyper::Result<Response<Incoming>> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request =
        Request::builder().method(method).uri(path).header(HOST, "sandbox").header(CONTENT_TYPE, content_type);
    sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await
}
