//! Settings that a webhook accepts, and messages posted to a receiver that answers from a script.

use integrations_core::{
    DeliveryError, DynProvider, Event, HttpRequest, Message, Receipt,
    provider::{Content, Service},
};
use integrations_testkit::{
    sample,
    scripted_http::{ScriptedHttp, answer, body},
    suite::block_on,
};
use jiff::Timestamp;
use provider_webhook::Webhook;
use serde_json::{Value, json};

pub(crate) const URL: &str = "https://hooks.example/in/7";
pub(crate) const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const OLD_KEY: &str = "whsec_b2xkZXIta2V5LW9sZGVyLWtleS1vbGRlci1rZXk=";

/// An event with a link to it, as a message.
pub(crate) fn message(event: &Event) -> Message<'_> {
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    Message { id: "dsp_1".to_owned(), content: Content::Event(event), open_url }
}

pub(crate) fn post(
    config: &Value,
    secret: &Value,
    message: &Message<'_>,
    service: Service<'_>,
) -> Result<Receipt, DeliveryError> {
    let secret = secret.to_string().into_bytes().into();
    block_on(DynProvider::deliver(&Webhook, config, &secret, message, service))
}

/// What a willing receiver gets.
pub(crate) fn posted(config: &Value, secret: &Value, message: &Message<'_>, now: Timestamp) -> HttpRequest {
    let http = ScriptedHttp::always(Ok(answer(204, "")));
    post(config, secret, message, Service { http: &http, now }).unwrap();
    http.requests().remove(0)
}

/// The JSON in it.
pub(crate) fn posted_json(payload: &str, message: &Message<'_>) -> Value {
    let (config, secret) = (json!({ "url": URL, "payload": payload }), json!({ "signingSecret": KEY }));
    let request = posted(&config, &secret, message, sample::morning());
    assert!(body(&request).len() < 20_000, "{}", body(&request).len());
    serde_json::from_slice(body(&request)).unwrap()
}
