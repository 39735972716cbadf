//! A Telegram that answers from a script, with settings that it accepts.

use integrations_core::{
    Connection, DeliveryError, DynProvider, HttpResponse, Message, Receipt,
    provider::{Content, Service},
};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, answer, body},
    suite::block_on,
};
use provider_telegram::Telegram;
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr";

pub(crate) fn telegram() -> Telegram {
    Telegram::new("http://bot-api.example:8081/base/".parse().unwrap())
}

/// An answer in the Bot API's form.
pub(crate) fn says(status: u16, body: &Value) -> HttpResponse {
    answer(status, body.to_string())
}

pub(crate) fn result(result: &Value) -> HttpResponse {
    says(200, &json!({ "ok": true, "result": result }))
}

pub(crate) fn refusal(status: u16, description: &str) -> HttpResponse {
    says(status, &json!({ "ok": false, "error_code": status, "description": description }))
}

pub(crate) fn sent() -> HttpResponse {
    result(&json!({ "message_id": 77, "date": 1, "chat": { "id": 12345, "type": "private" }, "text": "…" }))
}

pub(crate) fn me() -> HttpResponse {
    result(&json!({ "id": 123_456_789, "is_bot": true, "first_name": "Mail", "username": "mail_bot" }))
}

pub(crate) fn person() -> HttpResponse {
    result(&json!({ "id": 12345, "type": "private", "first_name": "Ada", "last_name": "Lovelace" }))
}

pub(crate) fn forum() -> HttpResponse {
    let id = -1_001_234_567_890_i64;
    result(&json!({ "id": id, "type": "supergroup", "title": "Ops\u{202e} <1>", "is_forum": true }))
}

pub(crate) fn playing(answers: Vec<HttpResponse>) -> ScriptedHttp {
    ScriptedHttp::playing(answers.into_iter().map(Ok))
}

/// Delivers an ordinary mail with an "Open" button.
pub(crate) fn deliver(config: &Value, http: &ScriptedHttp) -> Result<Receipt, DeliveryError> {
    let event = sample::event(sample::mail());
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url };
    let call = DynProvider::deliver;
    block_on(call(&telegram(), config, &secret(), &message, Service { http, now: sample::morning() }))
}

pub(crate) fn verify(config: &Value, http: &ScriptedHttp) -> Result<Connection, DeliveryError> {
    let call = DynProvider::verify;
    block_on(call(&telegram(), config, &secret(), Service { http, now: sample::morning() }))
}

pub(crate) fn secret() -> integrations_core::SecretBytes {
    json!({ "botToken": TOKEN }).to_string().into_bytes().into()
}

/// What was called: the last part of each path, and the JSON that was sent.
pub(crate) fn calls(http: &ScriptedHttp) -> Vec<(String, Value)> {
    let method = |url: &url::Url| url.path().rsplit('/').next().unwrap().to_owned();
    let requests = http.requests();
    requests.iter().map(|request| (method(&request.url), serde_json::from_slice(body(request)).unwrap())).collect()
}
