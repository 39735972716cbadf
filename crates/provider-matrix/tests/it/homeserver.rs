//! What rests on the homeserver's own behaviour, against a real Synapse where `cargo xtask test` could install one, and
//! against a fake that remembers transactions elsewhere.

use std::{collections::BTreeMap, sync::Mutex};

use http::Method;
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{
    DeliveryError, DynProvider as _, FailureKind, HttpClient, HttpError, HttpRequest, HttpResponse, Message, Receipt,
    SecretBytes, provider::Service,
};
use integrations_testkit::{sample, suite::block_on};
use provider_matrix::Matrix;
use serde_json::{Value, json};

use crate::{
    bench::{ROOM, TOKEN, says},
    synapse::{NAME, PASSWORD, Synapse},
};

/// An account in a room.
struct Member<'a> {
    http: &'a dyn HttpClient,
    port: u16,
    token: String,
    room: String,
}

impl Member<'_> {
    fn config(&self, room: &str) -> Value {
        json!({ "homeserver": format!("https://127.0.0.1:{}", self.port), "roomId": room })
    }

    async fn deliver(&self, http: &dyn HttpClient, id: &str) -> Result<Receipt, DeliveryError> {
        let secret: SecretBytes = json!({ "accessToken": self.token }).to_string().into_bytes().into();
        let service = Service { http, now: sample::morning() };
        Matrix.deliver(&self.config(&self.room), &secret, &Message::test(id.to_owned(), "Post"), service).await
    }

    async fn verify(&self, room: &str, token: &str) -> Result<String, DeliveryError> {
        let secret: SecretBytes = json!({ "accessToken": token }).to_string().into_bytes().into();
        let service = Service { http: self.http, now: sample::morning() };
        let connection = Matrix.verify(&self.config(room), &secret, service).await?;
        Ok(connection.public().to_string())
    }

    /// The ids of all messages in the room, newest first.
    async fn messages(&self) -> Vec<String> {
        let path = format!("/rooms/{}/messages?dir=b&limit=100", self.room);
        let answer = ask(self.http, self.port, Method::GET, &path, &self.token, &json!({})).await;
        let events = answer["chunk"].as_array().unwrap().iter();
        let messages = events.filter(|event| event["type"] == "m.room.message");
        messages.map(|event| event["event_id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn ask(http: &dyn HttpClient, port: u16, method: Method, path: &str, token: &str, body: &Value) -> Value {
    let url = format!("https://127.0.0.1:{port}/_matrix/client/v3{path}").parse().unwrap();
    let mut request = HttpRequest { method, ..HttpRequest::post_json(url, body) };
    if !token.is_empty() {
        request.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let answer = http.send(request).await.unwrap();
    assert!(answer.status.is_success(), "{path}: {}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

/// Takes the TLS away, which stands before a homeserver and not in it.
struct Plain(ReqwestClient);

#[async_trait::async_trait]
impl HttpClient for Plain {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        request.url.set_scheme("http").unwrap();
        self.0.send(request).await
    }
}

/// Lets the request through and loses the answer.
struct Lossy<'a>(&'a dyn HttpClient);

#[async_trait::async_trait]
impl HttpClient for Lossy<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.send(request).await?;
        Err(HttpError::Unknown { reason: "the connection closed before the answer" })
    }
}

/// Knows transactions and nothing else.
#[derive(Default)]
struct Fake(Mutex<BTreeMap<String, String>>);

#[async_trait::async_trait]
impl HttpClient for Fake {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut sent = self.0.lock().unwrap();
        let number = sent.len();
        if request.method == Method::GET {
            let events = sent.values().rev().map(|id| json!({ "type": "m.room.message", "event_id": id }));
            return Ok(says(&json!({ "chunk": events.collect::<Vec<_>>() })));
        }
        let event = sent.entry(request.url.path().to_owned()).or_insert_with(|| format!("$event{number}"));
        Ok(says(&json!({ "event_id": event })))
    }
}

async fn a_lost_answer_leaves_one_message(member: &Member<'_>) {
    let lost = member.deliver(&Lossy(member.http), "dsp_1").await.unwrap_err();
    assert_eq!(lost.kind, FailureKind::Unavailable, "to be sent again: {lost:?}");
    let after = member.messages().await;
    assert_eq!(after.len(), 1, "the message arrived, only its answer did not");
    let receipt = member.deliver(member.http, "dsp_1").await.unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some(after[0].as_str()));
    assert_eq!(member.messages().await, after);
    member.deliver(member.http, "dsp_2").await.unwrap();
    assert_eq!(member.messages().await.len(), 2);
}

async fn verification_tells_what_is_wrong(member: &Member<'_>) {
    let public = member.verify(&member.room, &member.token).await.unwrap();
    assert!(public.contains("Letters") && public.contains("@mail:localhost"), "{public}");
    assert!(member.verify("#letters:localhost", &member.token).await.unwrap().contains(&member.room));
    let unknown = member.verify(&member.room, "syt_bWFpbA_notatokenatall_000000").await.unwrap_err();
    assert_eq!(unknown.kind, FailureKind::Unauthorized);
    for elsewhere in ["!nowhere:localhost", "#nowhere:localhost"] {
        let gone = member.verify(elsewhere, &member.token).await.unwrap_err();
        assert_eq!(gone.kind, FailureKind::Gone, "{elsewhere}: {gone:?}");
    }
}

/// The limits of Synapse that nobody has touched are the ones that the provider declares: ten at once.
async fn too_many_at_once_are_told_to_wait(member: &Member<'_>) {
    for number in 0..20 {
        match member.deliver(member.http, &format!("burst_{number}")).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind, FailureKind::Throttled, "{error:?}");
                assert!(error.retry_after.is_some_and(|wait| !wait.is_zero()), "{error:?}");
                return;
            }
        }
    }
    panic!("twenty messages at once are not too many");
}

/// Logs in and makes a room with an address.
async fn join(http: &Plain, port: u16) -> Member<'_> {
    let who = json!({
        "type": "m.login.password",
        "identifier": { "type": "m.id.user", "user": NAME },
        "password": PASSWORD,
    });
    let account = ask(http, port, Method::POST, "/login", "", &who).await;
    let token = account["access_token"].as_str().unwrap().to_owned();
    let wish = json!({ "name": "Letters", "room_alias_name": "letters" });
    let room = ask(http, port, Method::POST, "/createRoom", &token, &wish).await;
    Member { http, port, token, room: room["room_id"].as_str().unwrap().to_owned() }
}

#[test]
fn a_homeserver_gets_each_message_once() {
    let Some(synapse) = Synapse::start() else { return println!("Synapse is not installed: the fake alone is asked") };
    block_on(async {
        let http = Plain(ReqwestClient::trusted(&HttpConfig::default()).unwrap());
        let member = join(&http, synapse.port).await;
        a_lost_answer_leaves_one_message(&member).await;
        verification_tells_what_is_wrong(&member).await;
        too_many_at_once_are_told_to_wait(&member).await;
    });
}

#[test]
fn a_fake_that_remembers_transactions_gets_each_message_once() {
    let fake = Fake::default();
    let member = Member { http: &fake, port: 443, token: TOKEN.to_owned(), room: ROOM.to_owned() };
    block_on(a_lost_answer_leaves_one_message(&member));
}
