//! The suite that every provider passes, and how messages look.

use integrations_core::{DynProvider, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    suite::block_on,
};
use provider_discord::Discord;
use serde_json::{Value, json};

use crate::bench;

struct Harness(Discord);

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &self.0
    }

    fn settings(&self) -> Value {
        json!({ "threadId": "1194285672123039744", "silent": true, "webhookUrl": bench::hook_url() })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![bench::hook()]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![bench::sent()]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        bench::refusal(status, 0, text)
    }

    fn needles(&self) -> Vec<String> {
        vec![bench::hook_url(), bench::TOKEN.to_owned()]
    }
}

async fn make() -> Harness {
    Harness(Discord::default())
}

integrations_testkit::provider_conformance!(make);

#[test]
fn messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Harness(Discord::default()))));
}
