//! The suite that every provider passes.

use integrations_core::{DynProvider, HttpRequest, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    suite::block_on,
};
use provider_matrix::Matrix;
use serde_json::Value;

use crate::bench::{self, ROOM, TOKEN, refusal, sent};

struct Harness;

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &Matrix
    }

    fn settings(&self) -> Value {
        let mut settings = bench::config(ROOM);
        settings["accessToken"] = TOKEN.into();
        settings
    }

    fn verified(&self) -> Vec<HttpResponse> {
        bench::verified()
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![sent()]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        let errcode = match status {
            401 => "M_UNKNOWN_TOKEN",
            403 => "M_FORBIDDEN",
            404 => "M_NOT_FOUND",
            429 => "M_LIMIT_EXCEEDED",
            _ => "M_UNKNOWN",
        };
        refusal(status, errcode, text)
    }

    fn idempotent(&self) -> bool {
        true
    }

    fn message_id(&self, request: &HttpRequest) -> Option<String> {
        request.url.path_segments()?.next_back().map(str::to_owned)
    }
}

integrations_testkit::provider_conformance!(async || Harness);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness)));
}
