//! The suite that every provider passes.

use integrations_core::{DynProvider, HttpResponse};
use integrations_testkit::{provider::ProviderHarness, scripted_http::answer};
use provider_telegram::Telegram;
use serde_json::{Value, json};

use crate::bench;

struct Harness(Telegram);

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &self.0
    }

    fn settings(&self) -> Value {
        json!({ "chatId": "https://t.me/c/1234567890/5", "silent": true, "botToken": bench::TOKEN })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![bench::me(), bench::forum()]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![bench::sent()]
    }

    fn listed(&self) -> Vec<HttpResponse> {
        let chat = json!({ "id": -5, "type": "group", "title": "The team" });
        let update = json!({ "update_id": 1, "message": { "message_id": 1, "chat": chat } });
        vec![answer(200, json!({ "ok": true, "result": [update] }).to_string())]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        bench::refusal(status, text)
    }

    fn needles(&self) -> Vec<String> {
        let secret_part = bench::TOKEN.split_once(':').unwrap().1;
        vec![bench::TOKEN.to_owned(), secret_part.to_owned()]
    }
}

async fn make() -> Harness {
    Harness(bench::telegram())
}

integrations_testkit::provider_conformance!(make);
