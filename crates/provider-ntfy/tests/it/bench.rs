//! Settings that ntfy accepts, its answers, and calls with them.

use integrations_core::{
    Connection, DeliveryError, DynProvider, HttpClient, HttpResponse, Message, Receipt,
    provider::{Content, Service},
};
use integrations_testkit::{sample, scripted_http::answer, suite::block_on};
use provider_ntfy::Ntfy;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2";

pub(crate) fn refusal(status: u16, code: u32, error: &str) -> HttpResponse {
    answer(status, json!({ "code": code, "http": status, "error": error, "link": "https://ntfy.sh/docs" }).to_string())
}

pub(crate) fn account(username: &str, role: &str) -> HttpResponse {
    answer(200, json!({ "username": username, "role": role, "limits": {}, "stats": {} }).to_string())
}

pub(crate) fn published() -> HttpResponse {
    let message =
        json!({ "id": "hwQ2YpKdmg", "time": 1_767_259_801, "event": "message", "topic": "mail", "message": "x" });
    answer(200, message.to_string())
}

pub(crate) fn verify(config: &Value, secret: &Value, http: &dyn HttpClient) -> Result<Connection, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::verify(&Ntfy, config, &secret.to_string().into_bytes().into(), service))
}

pub(crate) fn send(
    config: &Value,
    secret: &Value,
    message: &Message<'_>,
    http: &dyn HttpClient,
) -> Result<Receipt, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::deliver(&Ntfy, config, &secret.to_string().into_bytes().into(), message, service))
}

/// Delivers an ordinary mail with a link to it.
pub(crate) fn deliver(config: &Value, secret: &Value, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let event = sample::event(sample::mail());
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    send(config, secret, &Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url }, http)
}
