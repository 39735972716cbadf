//! The credentials of every provider go through every way in which a service can answer, and are looked for in
//! everything that comes out: answers of the API, the log of all crates at TRACE, and the bytes of the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod providers;
mod site;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use integrations_testkit::suite::block_on;
use serde_json::{Value, json};

use crate::{
    answers::{Answer, answers, everything_is_fine},
    providers::{Case, cases},
    site::Site,
};

#[test]
fn no_secret_of_any_provider_appears() {
    let log = site::log_everything();
    let cases = cases();
    let (seen, folder) = block_on(async {
        let site = Site::start().await;
        let mut seen = Vec::new();
        for case in &cases {
            go_through(&site, case, &mut seen).await;
        }
        seen.push(site.call("GET", "/v1/integrations?limit=100", &Value::Null).await.1);
        seen.push(site.call("GET", "/v1/dispatches?limit=100", &Value::Null).await.1);
        (seen, site.stop().await)
    });
    let log = log.lock().unwrap();
    assert!(log.windows(5).any(|word| word == b"TRACE"), "the log holds what is logged at TRACE");
    for case in &cases {
        for needle in case.known().iter().chain([&case.canary]).flat_map(|secret| needles(secret)) {
            search(case.name, "the log", &log, &needle);
            for answer in &seen {
                search(case.name, "an answer", answer.to_string().as_bytes(), &needle);
            }
            for file in std::fs::read_dir(folder.path()).unwrap() {
                let path = file.unwrap().path();
                search(case.name, &path.display().to_string(), &std::fs::read(&path).unwrap(), &needle);
            }
        }
    }
}

/// Connects, and then asks for everything that reaches the service, under each of its answers.
async fn go_through(site: &Site, case: &Case, seen: &mut Vec<Value>) {
    let fine = site.service_answers(&everything_is_fine(case)).await;
    let form = json!({ "provider": case.kind, "name": case.name, "config": case.config });
    let (status, integration) = site.call("POST", "/v1/integrations", &form).await;
    assert_eq!(status, 201, "{}: {integration}", case.name);
    let id = integration["id"].as_str().unwrap().to_owned();
    seen.push(integration);
    let address = site.address(case.name, &id).await;
    drop(fine);
    let path = format!("/v1/integrations/{id}");
    for (number, answer) in answers(case).iter().enumerate() {
        let service = site.service_answers(answer).await;
        let subject = format!("{} {number}", case.name);
        let event = json!({ "type": "email.received", "address": address, "from": "a@b.example", "subject": subject });
        let (status, published) = site.call("POST", "/v1/events", &event).await;
        assert_eq!(status, 202, "{published}");
        let attempted = site.attempted(&subject).await;
        let cancel = format!("/v1/dispatches/{}/cancel", attempted["id"].as_str().unwrap());
        seen.push(attempted);
        assert!(!service.requests().is_empty(), "{}: the attempt did not reach the service", case.name);
        seen.push(site.call("POST", &format!("{path}/test"), &json!({})).await.1);
        seen.push(site.call("PATCH", &path, &json!({ "config": case.config })).await.1);
        seen.push(site.call("POST", "/v1/integrations/validate", &form).await.1);
        let targets = format!("/v1/providers/{}/targets", case.kind);
        seen.push(site.call("POST", &targets, &json!({ "config": case.config })).await.1);
        // What waits would go out with the next answer, and stop the integration before the next event comes.
        seen.push(site.call("POST", &cancel, &Value::Null).await.1);
        let _fine = site.service_answers(&everything_is_fine(case)).await;
        let (status, active) = site.call("PATCH", &path, &json!({ "config": case.config, "status": "active" })).await;
        assert_eq!(status, 200, "{}: {active}", case.name);
    }
    let wrong = json!({ "provider": case.kind, "name": "Other", "config": { case.field: [case.canary] } });
    seen.push(site.call("POST", "/v1/integrations/validate", &wrong).await.1);
    seen.push(site.call("DELETE", &path, &Value::Null).await.1);
}

/// The forms in which it could stand in a text, a URL, a header or base64.
fn needles(canary: &str) -> Vec<String> {
    let percent = url::form_urlencoded::byte_serialize(canary.as_bytes()).collect();
    let mut needles = vec![canary.to_owned(), percent, STANDARD_NO_PAD.encode(canary), URL_SAFE_NO_PAD.encode(canary)];
    needles.dedup();
    needles
}

fn search(name: &str, place: &str, bytes: &[u8], needle: &str) {
    if let Some(at) = bytes.windows(needle.len()).position(|window| window == needle.as_bytes()) {
        let around = &bytes[at.saturating_sub(300)..(at + 100).min(bytes.len())];
        panic!("the secret of {name} appears in {place}: {}", String::from_utf8_lossy(around));
    }
}
