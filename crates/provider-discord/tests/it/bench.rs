//! Settings that Discord accepts, and calls with them.

use integrations_core::{
    Connection, DeliveryError, DynProvider, EmailReceived, HttpClient, HttpResponse, Message, Receipt,
    provider::{Content, Service},
};
use integrations_testkit::{sample, scripted_http::answer, suite::block_on};
use provider_discord::Discord;
use serde_json::{Value, json};

pub(crate) const HOOK: &str = "223704706495545344";
pub(crate) const TOKEN: &str = "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba29";

pub(crate) fn hook_url() -> String {
    format!("https://canary.discord.com/api/webhooks/{HOOK}/{TOKEN}")
}

pub(crate) fn says(status: u16, body: &Value) -> HttpResponse {
    answer(status, body.to_string())
}

pub(crate) fn refusal(status: u16, code: u32, message: &str) -> HttpResponse {
    says(status, &json!({ "message": message, "code": code }))
}

pub(crate) fn hook() -> HttpResponse {
    let hook = json!({
        "application_id": null, "avatar": null, "channel_id": "199737254929760256", "guild_id": "199737254929760257",
        "id": HOOK, "name": "Mail\u{202e} <1>", "type": 1, "token": TOKEN,
    });
    says(200, &hook)
}

pub(crate) fn sent() -> HttpResponse {
    says(200, &json!({ "id": "1194285672123039744", "type": 0, "content": "", "channel_id": "199737254929760256" }))
}

fn secret() -> integrations_core::SecretBytes {
    json!({ "webhookUrl": hook_url() }).to_string().into_bytes().into()
}

pub(crate) fn verify(config: &Value, http: &dyn HttpClient) -> Result<Connection, DeliveryError> {
    verify_at(&Discord::default(), config, http)
}

pub(crate) fn verify_at(discord: &Discord, config: &Value, http: &dyn HttpClient) -> Result<Connection, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::verify(discord, config, &secret(), service))
}

pub(crate) fn send(config: &Value, message: &Message<'_>, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let service = Service { http, now: sample::morning() };
    block_on(DynProvider::deliver(&Discord::default(), config, &secret(), message, service))
}

/// Delivers a mail with a link to it.
pub(crate) fn deliver(config: &Value, mail: EmailReceived, http: &dyn HttpClient) -> Result<Receipt, DeliveryError> {
    let event = sample::event(mail);
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    send(config, &Message { id: "dsp_1".to_owned(), content: Content::Event(&event), open_url }, http)
}
