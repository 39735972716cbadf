//! A token goes through every way in which a service can answer, and is looked for in everything that comes out.

use std::{path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use integrations_testkit::suite::block_on;
use serde_json::json;
use telegram_sandbox::Fault;

use crate::running::{CHAT, Client, Server, sandbox};

/// Every way in which a call can go wrong, each once.
fn faults() -> Vec<Fault> {
    vec![
        Fault::echo_token(400),
        Fault::echo_token(500),
        Fault::garbage(),
        Fault::html(502),
        Fault::reset(),
        Fault::redirect("http://127.0.0.1:9/elsewhere"),
        Fault::flood(1),
        Fault::error(403, "Forbidden: bot was blocked by the user"),
        Fault::echo_token(401),
    ]
}

#[test]
fn promise_07_a_secret_never_appears() {
    block_on(async {
        let (sandbox, token) = sandbox().await;
        let environment = [
            ("INTEGRATION_LOG", "trace"),
            ("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", "1"),
            ("INTEGRATION_QUEUE_JITTER_SECONDS", "0"),
        ];
        let server = Server::start(&sandbox, &environment);
        let client = Client::with_organization(&server).await;
        let integration = client.connect(&token).await;
        let address = client.address("inbox", &integration).await;
        let mut answers = Vec::new();
        for (number, fault) in faults().into_iter().enumerate() {
            sandbox.world().script(fault.method("sendMessage"));
            let event = json!({ "type": "email.received", "address": address, "from": "a@b.example", "subject": number.to_string() });
            client.post("/v1/events", &event).await;
            let ended = client.newest_in(&["failed", "retry_scheduled", "pending", "delivered"]).await;
            answers.push(client.get(&format!("/v1/dispatches/{}", ended["id"].as_str().unwrap())).await);
            answers.push(client.call("POST", &format!("/v1/integrations/{integration}/test"), &json!({})).await.1);
            sandbox.world().clear_faults();
            let active = json!({ "status": "active" });
            answers.push(client.call("PATCH", &format!("/v1/integrations/{integration}"), &active).await.1);
        }
        sandbox.world().script(Fault::echo_token(400).method("getMe"));
        let config = json!({ "botToken": token, "chatId": CHAT.to_string() });
        let body = json!({ "provider": "telegram", "name": "Other", "config": config });
        answers.push(client.call("POST", "/v1/integrations/validate", &body).await.1);
        let wrong = json!({ "provider": "telegram", "name": "Other", "config": { "botToken": [token], "chatId": 1 } });
        answers.push(client.call("POST", "/v1/integrations/validate", &wrong).await.1);
        answers.push(client.get("/v1/integrations").await);
        answers.push(client.get("/v1/dispatches").await);
        tokio::time::timeout(Duration::from_secs(30), client.newest_in(&["delivered", "failed"])).await.unwrap();

        let settings = server.settings.clone();
        let printed = server.kill();
        assert!(printed.len() > 1_000, "the log is there: {printed}");
        search("the log", printed.as_bytes(), &token);
        for answer in answers {
            search("an answer", answer.to_string().as_bytes(), &token);
        }
        search_files(settings.folder(), &token);
    });
}

fn search_files(folder: &Path, token: &str) {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        search(&file.display().to_string(), &std::fs::read(&file).unwrap(), token);
    }
}

/// Looks for the token, its secret half, and the form in which it would stand in JSON, a URL or base64.
fn search(place: &str, bytes: &[u8], token: &str) {
    let half = token.split(':').nth(1).unwrap();
    for needle in [half.to_owned(), STANDARD.encode(token), STANDARD.encode(half)] {
        let found = bytes.windows(needle.len()).position(|window| window == needle.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())];
            panic!("the token appears in {place}: {}", String::from_utf8_lossy(around));
        }
    }
}
