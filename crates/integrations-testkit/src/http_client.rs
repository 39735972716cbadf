//! What every [`HttpClient`] must do. The clients under test may reach loopback, and their deadline over a whole call
//! is a few seconds.

use std::net::{Ipv4Addr, TcpListener};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use integrations_core::{HttpBody, HttpClient, HttpError, HttpRequest, MAX_RESPONSE_BYTES};

use crate::{
    loopback::{Loopback, POUR_LIMIT, Then},
    suite::suite,
};

/// An answer that ends within its one write.
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What must never be shown.
const TOKEN: &str = "123456-a-very-secret-token";

fn get(url: &str) -> HttpRequest {
    HttpRequest::new(Method::GET, url.parse().unwrap())
}

fn post(url: &str, body: &[u8]) -> HttpRequest {
    HttpRequest { body: HttpBody::Bytes(body.to_vec().into()), ..HttpRequest::new(Method::POST, url.parse().unwrap()) }
}

/// The URL of a port at which nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}/{TOKEN}", listener.local_addr().unwrap())
}

async fn assert_unknown(client: &impl HttpClient, answer: &str, then: Then) {
    let server = Loopback::start(answer, then).await;
    let error = client.send(post(&server.url("/"), b"once")).await.unwrap_err();
    assert!(matches!(error, HttpError::Unknown { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 1, "a request that may have had an effect was sent again");
}

suite! { $
    http_client_conformance in http_client for HttpClient {
        /// Status, headers and body of an answer come back as they were sent.
        async fn an_answer_comes_back_whole(client) {
            let head = "HTTP/1.1 418 I'm a teapot\r\nX-One: 1\r\nX-Two: a\r\nX-Two: b\r\nContent-Length: 4\r\n\r\n";
            let server = Loopback::start([head.as_bytes(), b"\x00\xff\r\n"].concat(), Then::Keep).await;
            let response = client.send(get(&server.url("/"))).await.unwrap();
            assert_eq!(response.status, StatusCode::IM_A_TEAPOT);
            assert_eq!(response.headers["x-one"], "1");
            assert_eq!(response.headers.get_all("x-two").iter().collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(&response.body[..], b"\x00\xff\r\n");
            assert!(!response.truncated);
        }

        /// A body in chunks comes back in one piece.
        async fn a_chunked_answer_comes_back_whole(client) {
            let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n";
            let server = Loopback::start(answer, Then::Keep).await;
            let response = client.send(get(&server.url("/"))).await.unwrap();
            assert_eq!(&response.body[..], b"onetwo");
            assert!(!response.truncated);
        }

        /// Method, target, headers and body of a request arrive as they are, byte for byte.
        async fn a_request_arrives_as_it_is(client) {
            let server = Loopback::start(OK, Then::Keep).await;
            let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
            let value = HeaderValue::from_bytes(b"caf\xc3\xa9 \xff").unwrap();
            let mut request = post(&server.url("/bot1:2/send?text=a%20b&c=d+e"), &body)
                .header(HeaderName::from_static("x-odd"), value.clone());
            request.method = Method::PUT;
            client.send(request).await.unwrap();
            let [received] = &server.requests()[..] else { panic!("not one request") };
            assert_eq!(received.method, "PUT");
            assert_eq!(received.target, "/bot1:2/send?text=a%20b&c=d+e");
            assert_eq!(received.headers["x-odd"], value);
            assert_eq!(received.headers[header::HOST], server.address().to_string());
            assert!(received.body == body, "the body has changed");
        }

        /// A redirect is an answer like any other, and nobody calls where it points.
        async fn redirects_are_not_followed(client) {
            let target = Loopback::start(OK, Then::Keep).await;
            for status in [301, 302, 303, 307, 308] {
                let location = target.url("/elsewhere");
                let answer = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
                let server = Loopback::start(answer, Then::Keep).await;
                let response = client.send(post(&server.url("/"), b"once")).await.unwrap();
                assert_eq!(response.status, status);
                assert_eq!(response.headers[header::LOCATION], location);
            }
            assert_eq!(target.connections(), 0);
        }

        /// An answer without a body is an answer.
        async fn an_empty_body_is_empty(client) {
            for answer in ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"] {
                let server = Loopback::start(answer, Then::Keep).await;
                let response = client.send(get(&server.url("/"))).await.unwrap();
                assert!(response.status.is_success() && response.body.is_empty() && !response.truncated);
            }
        }

        /// A body of the greatest length is read whole, one more byte is left away and said to be.
        async fn bodies_are_cut_at_the_limit(client) {
            for (length, truncated) in [(MAX_RESPONSE_BYTES, false), (MAX_RESPONSE_BYTES + 1, true)] {
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
                let server = Loopback::start(answer, Then::Keep).await;
                let response = client.send(get(&server.url("/"))).await.unwrap();
                assert_eq!((response.body.len(), response.truncated), (MAX_RESPONSE_BYTES, truncated));
            }
        }

        /// An endless body ends at the limit, and the server is not left pouring.
        async fn an_endless_body_is_left(client) {
            let server = Loopback::start("HTTP/1.1 200 OK\r\n\r\n", Then::Pour).await;
            let response = client.send(get(&server.url("/"))).await.unwrap();
            assert_eq!((response.body.len(), response.truncated), (MAX_RESPONSE_BYTES, true));
            let poured = server.ended(1).await;
            assert!(poured < POUR_LIMIT, "the rest was downloaded");
        }

        /// A refused connection means that nothing was sent.
        async fn a_refused_connection_is_not_sent(client) {
            let error = client.send(post(&nowhere(), b"once")).await.unwrap_err();
            assert!(matches!(error, HttpError::NotSent { .. }), "{error:?}");
        }

        /// A server that takes the request and says nothing may have acted on it.
        async fn silence_is_unknown(client) {
            assert_unknown(client, "", Then::Hang).await;
        }

        /// The deadline holds for the body too.
        async fn silence_within_the_answer_is_unknown(client) {
            assert_unknown(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Then::Hang).await;
        }

        /// A connection that ends without an answer leaves open what happened.
        async fn an_ended_connection_is_unknown(client) {
            assert_unknown(client, "", Then::Close).await;
            assert_unknown(client, "", Then::Reset).await;
        }

        /// A success that breaks off is unknown, since many services put the verdict into the body.
        async fn a_broken_success_is_unknown(client) {
            for then in [Then::Close, Then::Reset] {
                assert_unknown(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", then).await;
            }
        }

        /// Any other status says enough even if its body breaks off; what there is of the body is handed out.
        async fn a_broken_refusal_keeps_its_status(client) {
            for status in [302, 403, 429, 503] {
                let answer = format!("HTTP/1.1 {status} No\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nhalf");
                let server = Loopback::start(answer, Then::Close).await;
                let response = client.send(post(&server.url("/"), b"once")).await.unwrap();
                assert_eq!(response.status, status);
                assert_eq!(response.headers[header::RETRY_AFTER], "7");
                assert!(response.truncated && b"half".starts_with(&response.body));
            }
        }

        /// Something other than HTTP leaves open what happened.
        async fn garbage_is_unknown(client) {
            assert_unknown(client, "SSH-2.0-OpenSSH_9.2\r\n\r\n", Then::Close).await;
            assert_unknown(client, "\0\x01\x02\r\n\r\n", Then::Hang).await;
        }

        /// Neither errors nor `Debug` of requests and responses show the URL or what was echoed from it.
        async fn nothing_shows_the_url(client) {
            let mut shown = Vec::new();
            for (answer, then) in [("", Then::Reset), ("", Then::Close), ("garbage\r\n\r\n", Then::Close)] {
                let server = Loopback::start(answer, then).await;
                shown.push(client.send(get(&server.url(&format!("/bot{TOKEN}?key={TOKEN}")))).await);
            }
            shown.push(client.send(get(&nowhere())).await);
            shown.push(client.send(get(&format!("gopher://localhost/{TOKEN}"))).await);
            assert!(shown.iter().all(Result::is_err), "{shown:?}");
            let length = TOKEN.len();
            let echo = format!("HTTP/1.1 404 {TOKEN}\r\nX-Echo: {TOKEN}\r\nContent-Length: {length}\r\n\r\n{TOKEN}");
            let server = Loopback::start(echo, Then::Keep).await;
            let request = post(&server.url(&format!("/{TOKEN}")), TOKEN.as_bytes())
                .header(header::AUTHORIZATION, HeaderValue::from_static(TOKEN));
            let debug = format!("{request:?}");
            shown.push(client.send(request).await);
            for text in shown.iter().map(|result| format!("{result:?} {}", words(result))).chain([debug]) {
                assert!(!text.contains(TOKEN) && !text.contains("127.0.0.1"), "{text}");
            }
        }

        /// Connections are used again.
        async fn connections_are_kept(client) {
            let server = Loopback::start(OK, Then::Keep).await;
            for _ in 0..20 {
                client.send(post(&server.url("/"), b"again")).await.unwrap();
            }
            assert_eq!(server.requests().len(), 20);
            assert!(server.connections() < 20, "every request opened a connection");
        }

        /// A kept connection that the server has closed in the meantime costs no request.
        async fn connections_that_the_server_closed_are_not_used(client) {
            let server = Loopback::start(OK, Then::Close).await;
            for sent in 1..=50 {
                client.send(post(&server.url("/"), b"again")).await.unwrap();
                server.ended(sent).await;
            }
            assert_eq!(server.requests().len(), 50);
        }
    }
}

/// The error in words, if it is one.
fn words<T>(result: &Result<T, HttpError>) -> String {
    result.as_ref().err().map(ToString::to_string).unwrap_or_default()
}
