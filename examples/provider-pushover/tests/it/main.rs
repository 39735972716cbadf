//! Pushover as a provider, from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use integrations_core::{DynProvider, FailureKind, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery, refused},
    scripted_http::answer,
    suite::block_on,
};
use provider_pushover_example::Pushover;
use serde_json::{Value, json};

struct Harness;

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &Pushover
    }

    fn settings(&self) -> Value {
        json!({ "userKey": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", "apiToken": "azGDORePK8gMaC0QOYAMyEEuzJnyUi" })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![answer(200, r#"{"status":1,"request":"1"}"#)]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![answer(200, r#"{"status":1,"request":"647d2300-702c-4b38-8b2f-d56326ae460b"}"#)]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        answer(status, json!({ "status": 0, "errors": [text], "request": "2" }).to_string())
    }
}

integrations_testkit::provider_conformance!(async || Harness);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness)));
}

#[test]
fn invalid_keys_are_told_apart() {
    let bodies = [r#"{"token":"invalid"}"#, r#"{"user":"invalid"}"#];
    let kinds = bodies.map(|body| block_on(refused(&Harness, Ok(answer(400, body)))).0.kind);
    assert_eq!(kinds, [FailureKind::Unauthorized, FailureKind::Gone]);
}
