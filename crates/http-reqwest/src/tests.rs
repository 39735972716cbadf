//! The guarded client with a resolver and a verdict of the test's own, since the real verdict keeps it off loopback.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;
use integrations_core::{HttpClient, HttpError, HttpRequest};
use integrations_testkit::{
    loopback::{Loopback, Then},
    suite::block_on,
};

use crate::{
    HttpConfig, ReqwestClient,
    gate::{Gate, Lookup},
};

/// Loopback, but not the address on which servers of these tests listen.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Gives one answer after the other, and an error when there are no more.
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait::async_trait]
impl Lookup for Answers {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().pop_front().ok_or_else(|| io::Error::other("no such name"))
    }
}

fn guarded(allowed: fn(IpAddr) -> bool, answers: &[&[IpAddr]]) -> ReqwestClient {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    let config = HttpConfig { total_timeout: Duration::from_secs(3), ..HttpConfig::default() };
    ReqwestClient::behind(Gate { allowed, allow_http: true, lookup: Arc::new(Answers(Mutex::new(answers))) }, &config)
        .unwrap()
}

async fn send(client: &ReqwestClient, host: &str, server: &Loopback) -> Result<http::StatusCode, HttpError> {
    let url = format!("http://{host}:{}/", server.address().port());
    let response = client.send(HttpRequest::new(Method::GET, url.parse().unwrap())).await?;
    Ok(response.status)
}

mod conformance {
    async fn make() -> crate::ReqwestClient {
        super::guarded(|address| address.is_loopback(), &[])
    }

    integrations_testkit::http_client_conformance!(make);
}

#[test]
fn a_name_is_resolved_and_called() {
    block_on(async {
        let server = Loopback::start(OK, Then::Keep).await;
        let client = guarded(|address| address == HERE, &[&[HERE]]);
        assert_eq!(send(&client, "hook.test", &server).await, Ok(http::StatusCode::NO_CONTENT));
        assert_eq!(server.requests()[0].headers["host"], format!("hook.test:{}", server.address().port()));
    });
}

/// A name that is harmless when it is judged and private when it is asked again.
#[test]
fn a_name_that_changes_its_answer_does_not_lead_to_a_private_address() {
    block_on(async {
        let private = Loopback::start(OK, Then::Keep).await;
        let client = guarded(|address| address == ELSEWHERE, &[&[ELSEWHERE], &[HERE]]);
        let first = send(&client, "rebind.test", &private).await.unwrap_err();
        assert!(matches!(first, HttpError::NotSent { .. }), "the harmless address was not the one called: {first:?}");
        assert_eq!(send(&client, "rebind.test", &private).await, Err(HttpError::Blocked));
        assert_eq!(private.connections(), 0);
    });
}

#[test]
fn one_private_address_condemns_a_name() {
    block_on(async {
        let server = Loopback::start(OK, Then::Keep).await;
        for answer in [[HERE, ELSEWHERE], [ELSEWHERE, HERE]] {
            let client = guarded(|address| address == HERE, &[&answer]);
            assert_eq!(send(&client, "mixed.test", &server).await, Err(HttpError::Blocked));
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_name_without_address_is_not_sent() {
    block_on(async {
        let server = Loopback::start(OK, Then::Keep).await;
        let error = send(&guarded(|_| true, &[]), "nowhere.test", &server).await.unwrap_err();
        assert_eq!(error, HttpError::NotSent { reason: "the name was not found" });
        let error = send(&guarded(|_| true, &[&[]]), "empty.test", &server).await.unwrap_err();
        assert!(matches!(error, HttpError::NotSent { .. }), "{error:?}");
    });
}
