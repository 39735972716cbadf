//! What the log tells, and what it does not.

use std::{
    io,
    sync::{Arc, Mutex},
};

use api_http::{RequestLimits, router};
use integrations_core::{Platform, Ports, Registry, Settings};
use integrations_testkit::{
    clock::ManualClock,
    fakes::{LockedCipher, Postbox},
};
use serde_json::json;
use tracing::{Level, subscriber::DefaultGuard};

use crate::api::{ADMIN_TOKEN, Api, SECRET, ports, state};

/// The log as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Everything that this thread logs from now on.
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn lines(&self, wanted: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(wanted)).map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_one_line_that_gives_nothing_away() {
    let (log, _guard) = Log::start();
    let api = Api::new();
    let tenant = api.tenant().await;
    let (_, client) = tenant.key(&["manage"]).await;
    let integration = client.integration("one").await;
    let address = client.address("alerts", &[&integration]).await;
    client.with_header("x-request-id", "mine").get(&format!("/v1/addresses/{address}")).await.expect(200);
    let event = json!({ "type": "email.received", "address": "alerts@localhost", "from": "ada@shop.example" });
    tenant.post("/v1/events", event).await.expect(202);
    tenant.post_mail("/v1/emails?recipient=alerts@localhost", "From: ada@shop.example\r\n\r\nHi").await.expect(202);
    tenant.get("/v1/nowhere?recipient=alerts@localhost").await.problem(404, "not_found");

    let lines = log.lines("mine");
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["DEBUG", "method=GET", "route=\"/v1/addresses/{id}\"", "status=200", "request_id=\"mine\""] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    for hidden in [ADMIN_TOKEN, SECRET, "intk_", "alerts@localhost", "ada@shop.example", address.as_str()] {
        assert!(log.lines(hidden).is_empty(), "{hidden}: {:?}", log.lines(hidden));
    }
}

#[tokio::test]
async fn a_fault_of_ours_is_logged_once_under_the_requests_identifier() {
    let (log, _guard) = Log::start();
    let mut api = Api::new();
    let locked = Ports { cipher: Arc::new(LockedCipher), ..ports(Arc::new(ManualClock::new())) };
    let platform = Platform::new(locked, Registry::new().with(Postbox::default()), Settings::default());
    api.router = router(state(platform, RequestLimits::default(), || true));
    let tenant = api.tenant().await;
    let integration = tenant.integration("one").await;
    let path = format!("/v1/integrations/{integration}/test");
    let problem = tenant.with_header("x-request-id", "mine").post(&path, json!({})).await.problem(500, "internal");
    assert!(!problem["detail"].as_str().unwrap().contains("sealed"), "{problem}");

    let lines = log.lines("ERROR");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("request_id=\"mine\"") && lines[0].contains("the sealed secret was refused"),
        "{lines:?}"
    );
}
