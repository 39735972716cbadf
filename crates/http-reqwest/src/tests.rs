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
    listing("", allowed, answers)
}

fn listing(list: &str, allowed: fn(IpAddr) -> bool, answers: &[&[IpAddr]]) -> ReqwestClient {
    let lookup = Arc::new(Answers(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect())));
    let config = HttpConfig { total_timeout: Duration::from_secs(3), ..HttpConfig::default() };
    let listed = Arc::new(list.parse().unwrap());
    ReqwestClient::behind(Gate { allowed, listed, allow_http: true, lookup }, &config).unwrap()
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

/// A redirect would be a second URL that nobody judged: it is handed out as the answer.
#[test]
fn a_redirect_is_not_followed() {
    block_on(async {
        let private = Loopback::start(OK, Then::Keep).await;
        for status in [301, 302, 303, 307, 308] {
            let location = private.url("/private");
            let answer = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            let server = Loopback::start(answer, Then::Keep).await;
            let client = guarded(|address| address == HERE, &[&[HERE]]);
            assert_eq!(send(&client, "hook.test", &server).await.unwrap().as_u16(), status);
        }
        assert_eq!(private.connections(), 0);
    });
}

#[test]
fn ports_of_other_services_are_refused() {
    block_on(async {
        for port in [1, 22, 25, 53, 79, 81, 110, 143, 442, 444, 465, 587, 853, 993, 1023] {
            for host in ["hook.test", "192.0.2.1"] {
                let url = format!("https://{host}:{port}/").parse().unwrap();
                let error = guarded(|_| true, &[]).send(HttpRequest::new(Method::GET, url)).await.unwrap_err();
                assert_eq!(error, HttpError::Blocked, "{host}:{port}");
            }
        }
        for port in [80, 443, 1024, 8065, 8448, 65_535] {
            let url = format!("https://hook.test:{port}/").parse().unwrap();
            let error = guarded(|_| true, &[]).send(HttpRequest::new(Method::GET, url)).await.unwrap_err();
            assert_eq!(error, HttpError::NotSent { reason: "the name was not found" }, "{port}");
        }
    });
}

#[test]
fn what_the_operator_lists_is_reached_and_nothing_beside_it() {
    block_on(async {
        let server = Loopback::start(OK, Then::Keep).await;
        let port = server.address().port();
        let (network, service, other) =
            ("127.0.0.1/32".to_owned(), format!("chat.internal:{port}"), format!("chat.internal:{}", port ^ 1));
        let literal = format!("127.0.0.1:{port}");
        let reached = Ok(http::StatusCode::NO_CONTENT);
        for (list, host, expected) in [
            ("", "chat.internal", &Err(HttpError::Blocked)),
            ("", "127.0.0.1", &Err(HttpError::Blocked)),
            (&network, "chat.internal", &reached),
            (&network, "127.0.0.1", &reached),
            (&network, "[::ffff:127.0.0.1]", &Err(HttpError::Blocked)),
            (&service, "chat.internal", &reached),
            (&service, "other.internal", &Err(HttpError::Blocked)),
            (&service, "127.0.0.1", &Err(HttpError::Blocked)),
            (&other, "chat.internal", &Err(HttpError::Blocked)),
            (&literal, "127.0.0.1", &reached),
            (&literal, "chat.internal", &Err(HttpError::Blocked)),
        ] {
            let client = listing(list, |_| false, &[&[HERE]]);
            assert_eq!(&send(&client, host, &server).await, expected, "{list:?} {host}");
        }
        let mixed = listing(&network, |_| false, &[&[HERE, ELSEWHERE]]);
        assert_eq!(send(&mixed, "chat.internal", &server).await, Err(HttpError::Blocked));
    });
}
