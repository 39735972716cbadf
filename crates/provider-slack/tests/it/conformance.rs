//! The suite that every provider passes, by each of the ways.

use integrations_core::{DynProvider, HttpResponse};
use integrations_testkit::{
    provider::{ProviderHarness, gallery},
    suite::block_on,
};
use provider_slack::Slack;
use serde_json::Value;

use crate::bench::Via;

impl ProviderHarness for Via {
    fn provider(&self) -> &dyn DynProvider {
        &Slack
    }

    fn settings(&self) -> Value {
        let mut settings = self.config();
        let secret = self.secret();
        settings.as_object_mut().unwrap().extend(secret.as_object().unwrap().clone());
        settings
    }

    fn verified(&self) -> Vec<HttpResponse> {
        Via::verified(*self)
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![Via::delivered(*self)]
    }

    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        Via::refusal(*self, status, text)
    }

    fn needles(&self) -> Vec<String> {
        let secret = self.secret();
        let texts = secret.as_object().unwrap().values().filter_map(Value::as_str);
        texts.flat_map(|text| [text, text.rsplit('/').next().unwrap()]).map(str::to_owned).collect()
    }
}

mod slack_webhook {
    integrations_testkit::provider_conformance!(async || crate::bench::Via::SlackWebhook);
}

mod slack_bot {
    integrations_testkit::provider_conformance!(async || crate::bench::Via::SlackBot);
}

mod mattermost {
    integrations_testkit::provider_conformance!(async || crate::bench::Via::Mattermost);
}

mod rocket_chat {
    integrations_testkit::provider_conformance!(async || crate::bench::Via::RocketChat);
}

#[test]
fn slack_messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Via::SlackBot)));
}

#[test]
fn mattermost_messages_look_like_this() {
    insta::assert_snapshot!(block_on(gallery(&Via::Mattermost)));
}
