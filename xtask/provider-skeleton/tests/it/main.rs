//! Skeleton as a provider, from the outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use integrations_core::{DynProvider, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    scripted_http::answer,
    suite::block_on,
};
use provider_skeleton::Skeleton;
use serde_json::{Value, json};

struct Harness;

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &Skeleton
    }

    fn settings(&self) -> Value {
        json!({ "url": "https://example.org/messages", "token": "a-token-of-the-service" })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![answer(200, "")]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![answer(200, "")]
    }
}

integrations_testkit::provider_conformance!(async || Harness);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness)));
}
