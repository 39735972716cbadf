//! Settings that a homeserver accepts, its answers, and calls with them.

use integrations_core::{
    Connection, DeliveryError, DynProvider, EmailReceived, HttpClient, HttpResponse, Message, Receipt, SecretBytes,
    provider::{Content, Service},
};
use integrations_testkit::{sample, scripted_http::answer, suite::block_on};
use provider_matrix::Matrix;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "syt_bWFpbA_qKzVgXKmBHXlLxQvEOdS_3b2UTE";
pub(crate) const USER: &str = "@mail:example.org";
pub(crate) const ROOM: &str = "!OGEhHVWSdvArJzumhm:example.org";
pub(crate) const EVENT: &str = "$YUwRidLecu:example.org";

pub(crate) fn says(body: &Value) -> HttpResponse {
    answer(200, body.to_string())
}

pub(crate) fn refusal(status: u16, errcode: &str, error: &str) -> HttpResponse {
    answer(status, json!({ "errcode": errcode, "error": error }).to_string())
}

/// Who the account is, that it is in the room, and the room's name.
pub(crate) fn verified() -> Vec<HttpResponse> {
    vec![
        says(&json!({ "user_id": USER, "device_id": "ABC", "is_guest": false })),
        says(&json!({ "membership": "join", "displayname": "Mail" })),
        says(&json!({ "name": "Post & \u{202e}Pakete" })),
    ]
}

pub(crate) fn sent() -> HttpResponse {
    says(&json!({ "event_id": EVENT }))
}

pub(crate) fn config(room: &str) -> Value {
    json!({ "homeserver": "https://matrix.example.org/base/", "roomId": room })
}

fn secret() -> SecretBytes {
    json!({ "accessToken": TOKEN }).to_string().into_bytes().into()
}

pub(crate) fn verify(room: &str, http: &dyn HttpClient) -> Result<Connection, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::verify(&Matrix, &config(room), &secret(), service))
}

pub(crate) fn send(message: &Message<'_>, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::deliver(&Matrix, &config(ROOM), &secret(), message, service))
}

/// Delivers a mail with a link to it.
pub(crate) fn deliver(mail: EmailReceived, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let event = sample::event(mail);
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    send(&Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url }, http)
}
