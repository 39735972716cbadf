//! The program as a running server: a process, a sandbox for Telegram, and a client of the API.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpBody, HttpClient as _, HttpRequest};
use serde_json::{Value, json};
use telegram_sandbox::{NewBot, NewChat, Sandbox, Standing};

pub(crate) const ADMIN_TOKEN: &str = "an-admin-token-of-more-than-32-characters";
pub(crate) const BOT: i64 = 123_456_789;
pub(crate) const CHAT: i64 = 987_654_321;

/// What servers are started with. Clones lead to the same store.
#[derive(Clone)]
pub(crate) struct Settings {
    folder: Arc<tempfile::TempDir>,
    environment: Vec<(String, String)>,
}

impl Settings {
    /// An empty store, and what a server needs.
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let key = cipher_ring::Key::generate(&integrations::SystemEntropy).to_base64();
        let store = format!("sqlite://{}", folder.path().join("test.db").display());
        Self { folder, environment: Vec::new() }
            .with("INTEGRATION_STORE", &store)
            .with("INTEGRATION_HTTP_LISTEN", "127.0.0.1:0")
            .with("INTEGRATION_ADMIN_TOKEN", ADMIN_TOKEN)
            .with("INTEGRATION_SECRET_ENCRYPTION_KEY", secrecy::ExposeSecret::expose_secret(&key))
            .with("INTEGRATION_TELEGRAM_API_BASE_URL", sandbox.base_url().as_str())
            .with("INTEGRATION_TELEGRAM_PACING", "off")
            .with("MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY", "0")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As they are given to a process.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A server process. It is killed when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) settings: Settings,
    streams: Vec<JoinHandle<String>>,
}

impl Server {
    /// A server on an empty store, with these variables on top of what it needs.
    pub(crate) fn start(sandbox: &Sandbox, environment: &[(&str, &str)]) -> Self {
        Self::with(
            environment.iter().fold(Settings::new(sandbox), |settings, (name, value)| settings.with(name, value)),
        )
    }

    /// A server with these settings.
    pub(crate) fn with(settings: Settings) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_integrations-server"));
        command.arg("serve").env_clear().envs(settings.environment());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (ready, address) = mpsc::channel();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut err = process.stderr.take().unwrap();
        let read_out = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_line(&mut text).unwrap();
            let _ = ready.send(text.trim().rsplit('/').next().unwrap_or_default().parse());
            out.read_to_string(&mut text).unwrap();
            text
        });
        let read_err = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        let address = address.recv().unwrap();
        let Ok(address) = address else {
            process.wait().unwrap();
            panic!("the server did not start: {}", read_err.join().unwrap());
        };
        Self { process, address, settings, streams: vec![read_out, read_err] }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }

    /// Ends the process and gives all that it printed.
    pub(crate) fn kill(mut self) -> String {
        self.process.kill().unwrap();
        self.printed()
    }

    /// Asks the process to end, as a service manager does, and gives all that it printed.
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        self.printed()
    }

    fn printed(&mut self) -> String {
        self.process.wait().unwrap();
        self.streams.drain(..).map(|stream| stream.join().unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A sandbox with one bot in one private chat, and the bot's token.
pub(crate) async fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let token = sandbox.world().add_bot(NewBot::new(BOT).username("test_bot")).unwrap();
    sandbox.world().add_chat(NewChat::private(CHAT, "You").bot(BOT, Standing::Member)).unwrap();
    (sandbox, token)
}

/// A client of the API, acting for one organization.
pub(crate) struct Client {
    http: ReqwestClient,
    server: SocketAddr,
    organization: Option<String>,
}

impl Client {
    /// A client that acts for nobody.
    pub(crate) fn of(server: &Server) -> Self {
        let http = ReqwestClient::trusted(&HttpConfig::default()).unwrap();
        Self { http, server: server.address, organization: None }
    }

    pub(crate) async fn with_organization(server: &Server) -> Self {
        let mut client = Self::of(server);
        let organization = client.post("/v1/organizations", &json!({ "name": "Test" })).await;
        client.organization = organization["id"].as_str().map(str::to_owned);
        client
    }

    pub(crate) async fn connect(&self, token: &str) -> String {
        let config = json!({ "botToken": token, "chatId": CHAT.to_string() });
        let body = json!({ "provider": "telegram", "name": "Chat", "config": config });
        self.post("/v1/integrations", &body).await["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn address(&self, local_part: &str, integration: &str) -> String {
        let subscription = json!({ "integrationId": integration, "eventType": "email.received" });
        let body = json!({ "localPart": local_part, "integrationSubscriptions": [subscription] });
        self.post("/v1/addresses", &body).await["address"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send_mail(&self, recipient: &str, mail: Vec<u8>) -> Value {
        let mut request = self.request("POST", &format!("/v1/emails?recipient={recipient}"));
        request.headers.insert("content-type", "message/rfc822".parse().unwrap());
        request.body = HttpBody::Bytes(mail.into());
        self.expect_success(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.expect_success(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call("POST", path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Any call and any answer.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut request = self.request(method, path);
        request.headers.insert("content-type", "application/json".parse().unwrap());
        request.body = HttpBody::Bytes(body.to_string().into());
        let answer = self.http.send(request).await.unwrap();
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// The newest dispatch, once its status is one of these.
    pub(crate) async fn newest_in(&self, statuses: &[&str]) -> Value {
        loop {
            let dispatches = self.get("/v1/dispatches?limit=1").await;
            let status = dispatches["data"][0]["status"].as_str().unwrap_or_default().to_owned();
            if statuses.contains(&status.as_str()) {
                return dispatches["data"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn request(&self, method: &str, path: &str) -> HttpRequest {
        let url = format!("http://{}{path}", self.server).parse().unwrap();
        let mut request = HttpRequest::new(method.parse().unwrap(), url);
        request.headers.insert("authorization", format!("Bearer {ADMIN_TOKEN}").parse().unwrap());
        if let Some(organization) = &self.organization {
            request.headers.insert("x-org-id", organization.parse().unwrap());
        }
        request
    }

    async fn expect_success(&self, request: HttpRequest) -> Value {
        let answer = self.http.send(request).await.unwrap();
        let body = serde_json::from_slice(&answer.body).unwrap();
        assert!(answer.status.is_success(), "{} {body}", answer.status);
        body
    }
}
