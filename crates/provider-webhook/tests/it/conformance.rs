//! The suite that every provider passes, and how messages look.

use integrations_core::{DynProvider, HttpRequest, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    scripted_http::answer,
    suite::block_on,
};
use provider_webhook::Webhook;
use serde_json::{Value, json};

use crate::bench::{KEY, OLD_KEY, URL};

/// With that form of payload.
struct Harness(&'static str);

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &Webhook
    }

    fn settings(&self) -> Value {
        json!({ "url": URL, "payload": self.0, "signingSecret": KEY, "previousSigningSecret": OLD_KEY })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        Vec::new()
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![answer(200, "OK")]
    }

    fn idempotent(&self) -> bool {
        true
    }

    fn message_id(&self, request: &HttpRequest) -> Option<String> {
        Some(request.headers["webhook-id"].to_str().unwrap().to_owned())
    }

    fn needles(&self) -> Vec<String> {
        [KEY, OLD_KEY].into_iter().flat_map(|key| [key, &key["whsec_".len()..]]).map(str::to_owned).collect()
    }
}

async fn make() -> Harness {
    Harness("full")
}

integrations_testkit::provider_conformance!(make);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness("full"))));
}

#[test]
fn thin_messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness("thin"))));
}
