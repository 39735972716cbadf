//! The API over a store in memory, and clients of it.

use std::{sync::Arc, time::Duration};

use api_http::{ApiState, RequestLimits, router};
use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use integrations_core::{
    Clock, HttpClient, Outbound, Platform, Ports, Registry, Settings, Shares,
    memory::{MemoryQueue, MemoryStore},
};
use integrations_testkit::{
    clock::{ManualClock, SeqEntropy},
    fakes::{OpenCipher, Postbox},
    scripted_http::ScriptedHttp,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub(crate) const ADMIN_TOKEN: &str = "an admin token for tests, long enough";

/// A running API.
pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) platform: Platform,
    pub(crate) postbox: Postbox,
    pub(crate) clock: Arc<ManualClock>,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(RequestLimits::default(), Settings { max_integrations: 0, ..Settings::default() })
    }

    pub(crate) fn limited(limits: RequestLimits) -> Self {
        Self::with(limits, Settings { max_integrations: 0, ..Settings::default() })
    }

    pub(crate) fn with(limits: RequestLimits, settings: Settings) -> Self {
        let postbox = Postbox::default();
        let clock = Arc::new(ManualClock::new());
        let registry = Registry::new().with(postbox.clone());
        let platform = Platform::new(ports(clock.clone()), registry, settings);
        Self { router: router(state(platform.clone(), limits, || true)), platform, postbox, clock }
    }

    /// Somebody without a key.
    pub(crate) fn nobody(&self) -> Client {
        Client { router: self.router.clone(), headers: HeaderMap::new() }
    }

    pub(crate) fn admin(&self) -> Client {
        self.nobody().bearing(ADMIN_TOKEN)
    }

    /// A new organization, and the admin acting for it.
    pub(crate) async fn tenant(&self) -> Client {
        let organization = self.admin().post("/v1/organizations", json!({ "name": "Acme" })).await;
        self.admin().naming(organization.id())
    }

    /// Attempts everything that is due.
    pub(crate) async fn work(&self) {
        self.platform.sweep().await.unwrap();
        let taken = self.platform.take(1_000).await.unwrap();
        for attempt in taken.attempts {
            let result = self.platform.attempt(&attempt).await;
            self.platform.settle(&[self.platform.report(&attempt, result)]).await.unwrap();
        }
    }
}

/// Ports that stand on memory.
pub(crate) fn ports(clock: Arc<dyn Clock>) -> Ports {
    let http: Arc<dyn HttpClient> = Arc::new(ScriptedHttp::playing([]));
    let shares = Shares { lane: 100, organization: 100 };
    Ports {
        store: Arc::new(MemoryStore::new()),
        queue: Arc::new(MemoryQueue::new(clock.clone(), shares, Duration::from_secs(60))),
        cipher: Arc::new(OpenCipher),
        outbound: Outbound { trusted: http.clone(), guarded: http },
        clock,
        entropy: Arc::new(SeqEntropy::new(1)),
    }
}

pub(crate) fn state(
    platform: Platform,
    limits: RequestLimits,
    ready: impl Fn() -> bool + Send + Sync + 'static,
) -> ApiState {
    ApiState::new(platform, &SecretString::from(ADMIN_TOKEN), limits, ready)
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    headers: HeaderMap,
}

impl Client {
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn bearing(self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn naming(self, organization: &str) -> Self {
        self.with_header("x-org-id", organization)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::POST, path, body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::PATCH, path, body.to_string()).await
    }

    pub(crate) async fn post_mail(&self, path: &str, mail: impl Into<Body>) -> Reply {
        self.clone().with_header("content-type", "message/rfc822").ask(Method::POST, path, mail).await
    }

    pub(crate) async fn send_json(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        self.clone().with_header("content-type", "application/json").ask(method, path, body).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        let mut request = Request::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
    }

    /// A key of this client's organization with these scopes, and the client that bears it.
    pub(crate) async fn key(&self, scopes: &[&str]) -> (String, Self) {
        let key = self.post("/v1/api-keys", json!({ "name": "key", "scopes": scopes })).await.expect(201);
        let client = Self { router: self.router.clone(), headers: HeaderMap::new() };
        (key["id"].as_str().unwrap().to_owned(), client.bearing(key["key"].as_str().unwrap()))
    }

    /// An integration with that box; gives its identifier.
    pub(crate) async fn integration(&self, slot: &str) -> String {
        self.post("/v1/integrations", integration(slot)).await.id().to_owned()
    }

    /// An address that subscribes these integrations; gives its identifier.
    pub(crate) async fn address(&self, local_part: &str, integrations: &[&str]) -> String {
        let subscriptions: Vec<_> = integrations.iter().map(|id| subscription(id)).collect();
        let body = json!({ "localPart": local_part, "integrationSubscriptions": subscriptions });
        self.post("/v1/addresses", body).await.id().to_owned()
    }

    /// An event at that address; gives its only dispatch.
    pub(crate) async fn dispatch_at(&self, address_id: &str) -> String {
        let event = json!({ "type": "email.received", "addressId": address_id, "from": "ada@shop.example" });
        self.post("/v1/events", event).await.expect(202);
        let list = self.get(&format!("/v1/dispatches?limit=1&addressId={address_id}")).await.expect(200);
        list["data"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// The body with which an integration of that name and box is made.
pub(crate) fn integration(slot: &str) -> Value {
    json!({ "provider": "postbox", "name": slot, "config": { "slot": slot, "key": SECRET } })
}

/// The key of every box; to be seen nowhere.
pub(crate) const SECRET: &str = "hunter2-the-key-of-the-box";

pub(crate) fn subscription(integration: &str) -> Value {
    json!({ "integrationId": integration, "eventType": "email.received" })
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of a success with that status.
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The identifier of what was made.
    pub(crate) fn id(&self) -> &str {
        assert!(self.status.is_success(), "{}", String::from_utf8_lossy(&self.body));
        let start = self.body.windows(6).position(|window| window == b"\"id\":\"").unwrap() + 6;
        let length = self.body[start..].iter().position(|byte| *byte == b'"').unwrap();
        std::str::from_utf8(&self.body[start..start + length]).unwrap()
    }

    /// The body of a problem with that status and code. Every problem is looked at for its form.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(self.header(header::CONTENT_TYPE.as_str()), Some("application/problem+json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("x-request-id"), body["requestId"].as_str());
        assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
        assert!(!String::from_utf8_lossy(&self.body).contains(SECRET));
        body
    }

    /// The same for a body that is wrong at that place; gives what is said about it.
    pub(crate) fn invalid_at(&self, pointer: &str) -> String {
        let problem = self.problem(400, "invalid_request");
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
        let error = errors.iter().find(|error| error["pointer"] == pointer).unwrap_or_else(|| panic!("{problem}"));
        error["detail"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A body for a snapshot: identifiers become their prefixes.
pub(crate) fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => match text.split_once('_') {
            Some((prefix, rest)) if rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()) => {
                Value::String(format!("[{prefix}]"))
            }
            _ => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, redacted(value))).collect(),
        other => other,
    }
}
