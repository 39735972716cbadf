//! What the guarded client refuses before it opens a connection.

use http::Method;
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpClient, HttpError, HttpRequest};
use integrations_testkit::{
    loopback::{Loopback, Then},
    suite::block_on,
};

async fn send(allow_http: bool, url: &str) -> Result<(), HttpError> {
    let client = ReqwestClient::guarded(&HttpConfig { allow_http, ..HttpConfig::default() }).unwrap();
    client.send(HttpRequest::new(Method::GET, url.parse().unwrap())).await.map(|_| ())
}

/// Every spelling that a URL parser accepts for a private address, and a name that the system resolves to one.
#[test]
fn private_hosts_are_refused_in_every_spelling() {
    block_on(async {
        let server = Loopback::start("HTTP/1.1 204 No Content\r\n\r\n", Then::Keep).await;
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0x7F.1",
            "017700000001",
            "0177.0.0.01",
            "0177.1",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "①②⑦.0.0.1",
            "0",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "localhost",
            "LOCALHOST",
        ] {
            let url = format!("http://{host}:{}/", server.address().port());
            assert_eq!(send(true, &url).await, Err(HttpError::Blocked), "{host}");
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn only_https_without_a_password_goes_out() {
    block_on(async {
        for url in [
            "http://192.0.2.1/",
            "http://example.test/",
            "ftp://example.test/",
            "file:///etc/passwd",
            "data:text/plain,hello",
            "https://user@example.test/",
            "https://:password@example.test/",
        ] {
            assert_eq!(send(false, url).await, Err(HttpError::Blocked), "{url}");
        }
    });
}
