//! The suite that every provider passes.

use integrations_core::{DynProvider, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    suite::block_on,
};
use provider_ntfy::Ntfy;
use serde_json::{Value, json};

use crate::bench::{TOKEN, account, published, refusal};

struct Harness;

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &Ntfy
    }

    fn settings(&self) -> Value {
        json!({ "server": "https://ntfy.example", "topic": "mail", "priority": 4, "tags": ["mail"], "accessToken": TOKEN })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![account("phil", "user")]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![published()]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        refusal(status, u32::from(status) * 100 + 1, text)
    }
}

integrations_testkit::provider_conformance!(async || Harness);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness)));
}
