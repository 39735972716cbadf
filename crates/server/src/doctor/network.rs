//! Checks of the network: the address to listen on, and the way to Telegram.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use http::Method;
use integrations_core::{HttpClient, HttpRequest};
use url::Url;

use super::finding::Finding;
use crate::config::table::{HTTP_LISTEN, TELEGRAM_API_BASE_URL};

/// Whether the API can listen there, or does already.
pub(super) async fn listen(address: SocketAddr, client: &dyn HttpClient) -> Finding {
    const SUBJECT: &str = "http";
    let name = HTTP_LISTEN.entry.name;
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok(SUBJECT, format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if is_alive(address, client).await {
                Finding::ok(SUBJECT, format!("a server answers on {address}"))
            } else {
                let remedy = format!("stop what uses it, or set {name} to another address");
                Finding::fail(SUBJECT, format!("{address} is in use, and not by this server"), remedy)
            }
        }
        Err(error) => {
            let remedy = format!("set {name} to an address of this machine and a port from 1024 up");
            Finding::fail(SUBJECT, format!("cannot listen on {address}: {error}"), remedy)
        }
    }
}

/// Whether a server of ours answers there.
async fn is_alive(address: SocketAddr, client: &dyn HttpClient) -> bool {
    let host: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let Ok(url) = Url::parse(&format!("http://{}/livez", SocketAddr::new(host, address.port()))) else {
        return false;
    };
    client.send(HttpRequest::new(Method::GET, url)).await.is_ok_and(|response| response.status.is_success())
}

/// Whether the Bot API can be reached; any answer will do.
pub(super) async fn telegram(base_url: &Url, client: &dyn HttpClient) -> Finding {
    const SUBJECT: &str = "telegram";
    match client.send(HttpRequest::new(Method::GET, base_url.clone())).await {
        Ok(_) => Finding::ok(SUBJECT, format!("{base_url} answers")),
        Err(error) => {
            let name = TELEGRAM_API_BASE_URL.entry.name;
            let remedy = format!("let this machine reach it, or set {name} to a server that it can reach");
            Finding::fail(SUBJECT, format!("{base_url}: {error}"), remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use integrations_core::HttpError;
    use integrations_testkit::scripted_http::{ScriptedHttp, answer};

    use super::*;

    const SILENT: HttpError = HttpError::Unknown { reason: "closed" };

    #[tokio::test]
    async fn a_free_address_is_fine() {
        let finding = listen("127.0.0.1:0".parse().unwrap(), &ScriptedHttp::playing([])).await;
        assert_eq!(finding.to_string(), "ok    http           127.0.0.1:0 is free");
    }

    #[tokio::test]
    async fn an_address_in_use_is_fine_if_a_server_of_ours_uses_it() {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let address = listener.local_addr().unwrap();
        let http = ScriptedHttp::playing([Ok(answer(200, "")), Ok(answer(404, "")), Err(SILENT)]);
        let found = listen(address, &http).await.to_string();
        assert_eq!(found, format!("ok    http           a server answers on {address}"));
        assert_eq!(http.requests()[0].url.as_str(), format!("http://127.0.0.1:{}/livez", address.port()));
        for _ in 0..2 {
            let found = listen(address, &http).await.to_string();
            assert!(found.starts_with(&format!("FAIL  http           {address} is in use, and not by")), "{found}");
        }
    }

    #[tokio::test]
    async fn an_address_of_another_machine_fails() {
        let found = listen("192.0.2.1:80".parse().unwrap(), &ScriptedHttp::playing([])).await.to_string();
        assert!(found.starts_with("FAIL  http           cannot listen on 192.0.2.1:80: "), "{found}");
        assert!(found.contains("set INTEGRATION_HTTP_LISTEN to"), "{found}");
    }

    #[tokio::test]
    async fn any_answer_shows_that_telegram_can_be_reached() {
        let url = "https://bots.example/".parse().unwrap();
        let http = ScriptedHttp::playing([Ok(answer(404, "")), Err(SILENT)]);
        assert_eq!(telegram(&url, &http).await, Finding::ok("telegram", "https://bots.example/ answers"));
        assert_eq!(telegram(&url, &http).await.level, crate::doctor::finding::Level::Fail);
    }
}
