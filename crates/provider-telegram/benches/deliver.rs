//! What it costs to deliver an ordinary mail, without the call itself: settings and secret are read, the message is
//! rendered, the request built and its answer read.
#![allow(clippy::unwrap_used, missing_docs, reason = "benchmarks")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use integrations_core::{
    HttpClient, HttpError, HttpRequest, HttpResponse, Message, SecretBytes,
    provider::{Content, DynProvider, Service},
};
use integrations_testkit::sample;
use provider_telegram::Telegram;
use serde_json::json;

/// Answers at once that the message was sent.
struct Sent;

#[async_trait::async_trait]
impl HttpClient for Sent {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        black_box(request);
        let body = r#"{"ok":true,"result":{"message_id":1234567}}"#.into();
        Ok(HttpResponse { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body, truncated: false })
    }
}

fn deliver(criterion: &mut Criterion) {
    let telegram = Telegram::new("http://127.0.0.1:8081".parse().unwrap());
    let provider: &dyn DynProvider = &telegram;
    let config = json!({"chatId": "100000", "silent": false});
    let secret: SecretBytes = format!(r#"{{"botToken":"700000:{}"}}"#, "A".repeat(35)).into_bytes().into();
    let event = sample::event(sample::mail());
    let service = Service { http: &Sent, now: event.occurred_at };
    criterion.bench_function("deliver an ordinary mail", |bench| {
        bench.iter(|| {
            let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
            provider.deliver(&config, &secret, &message, service).now_or_never().unwrap().unwrap()
        });
    });
}

criterion_group!(benches, deliver);
criterion_main!(benches);
