//! No proxy of the environment sees a call: it would see credentials, and would resolve names past the guard.

use std::process::Command;

use http::{Method, StatusCode};
use http_reqwest::{HttpConfig, ReqwestClient};
use integrations_core::{HttpClient, HttpError, HttpRequest};
use integrations_testkit::{
    loopback::{Loopback, Then},
    suite::block_on,
};
use tokio::net::TcpListener;

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// The test below, in a process of its own whose environment names a proxy in every way that programs read.
#[test]
fn the_environment_names_no_proxy_for_us() {
    block_on(async {
        let proxy = Loopback::start(OK, Then::Keep).await;
        let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "proxies::calls_go_straight"]).envs(names.map(|name| (name, proxy.url("/"))));
        // Either would keep common readers from looking at the names above.
        let output = child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("REQUEST_METHOD").output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
        assert_eq!(proxy.connections(), 0);
    });
}

#[test]
fn calls_go_straight() {
    block_on(async {
        let server = Loopback::start(OK, Then::Keep).await;
        let config = HttpConfig { allow_http: true, allow: "127.0.0.0/8".parse().unwrap(), ..HttpConfig::default() };
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("https://{}/", listener.local_addr().unwrap())
        };
        for client in [ReqwestClient::trusted(&config).unwrap(), ReqwestClient::guarded(&config).unwrap()] {
            let send = async |url: &str| {
                let request = HttpRequest::new(Method::GET, url.parse().unwrap());
                client.send(request).await.map(|answer| answer.status)
            };
            assert_eq!(send(&server.url("/hook")).await, Ok(StatusCode::NO_CONTENT));
            assert_eq!(send(&closed).await, Err(HttpError::NotSent { reason: "the connection was refused" }));
        }
        // A proxy would have been told the whole URL.
        let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, ["/hook"; 2]);
    });
}
