//! Failures before anything is sent, which are safe to repeat.

use std::time::Duration;

use http::Method;
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpClient, HttpError, HttpRequest};
use integrations_testkit::suite::block_on;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

fn client() -> ReqwestClient {
    ReqwestClient::trusted(&HttpConfig { connect_timeout: Duration::from_millis(300), ..HttpConfig::default() })
        .unwrap()
}

/// Calls a server that meets the TLS handshake with these bytes and then holds the connection open.
async fn call_over_tls(greeting: &'static [u8]) -> HttpError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let holding = tokio::spawn(async move {
        let (mut stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        stream.write_all(greeting).await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = client().send(HttpRequest::new(Method::GET, url.parse().unwrap())).await.unwrap_err();
    holding.abort();
    error
}

#[test]
fn a_silent_tls_server_is_a_connect_timeout() {
    assert_eq!(block_on(call_over_tls(b"")), HttpError::ConnectTimeout);
}

#[test]
fn a_server_that_speaks_no_tls_is_not_sent() {
    let error = block_on(call_over_tls(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert_eq!(error, HttpError::NotSent { reason: "TLS failed" });
}

#[test]
fn a_refused_connection_says_so() {
    let error = block_on(async {
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        client().send(HttpRequest::new(Method::GET, url.parse().unwrap())).await.unwrap_err()
    });
    assert_eq!(error, HttpError::NotSent { reason: "the connection was refused" });
}

#[test]
fn a_url_without_http_is_not_sent() {
    let request = HttpRequest::new(Method::GET, "ftp://127.0.0.1/".parse().unwrap());
    let error = block_on(client().send(request)).unwrap_err();
    assert_eq!(error, HttpError::NotSent { reason: "the URL is not one of HTTP" });
}
