//! Where tenants' URLs may lead: not into the operator's network, unless the operator lists the place.

use std::{net::SocketAddr, sync::Arc};

use integrations_testkit::{
    loopback::{Loopback, Then},
    suite::block_on,
};
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring},
};

use crate::running::{Client, Server, Settings, sandbox};

/// A receiver of webhooks on a private address, with a certificate of its own.
struct Receiver {
    behind: Loopback,
    address: SocketAddr,
    certificate: String,
}

impl Receiver {
    async fn start() -> Self {
        let behind = Loopback::start("HTTP/1.1 204 No Content\r\n\r\n", Then::Keep).await;
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], made.signing_key.into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(unwrap_tls(listener, TlsAcceptor::from(Arc::new(config)), behind.address()));
        Self { behind, address, certificate: made.cert.pem() }
    }
}

/// Hands on what comes over TLS, one connection after the other.
async fn unwrap_tls(listener: TcpListener, acceptor: TlsAcceptor, to: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut outside = acceptor.accept(stream).await.unwrap();
        let mut inside = TcpStream::connect(to).await.unwrap();
        // An error means that one side went away, which is its right.
        let _ = copy_bidirectional(&mut outside, &mut inside).await;
    }
}

/// What becomes of a mail for a webhook at the receiver.
async fn deliver(receiver: &Receiver, settings: Settings) -> Value {
    // The receiver is trusted in both cases, so that the list alone makes the difference.
    let trusted = settings.folder().join("roots.pem");
    std::fs::write(&trusted, &receiver.certificate).unwrap();
    let server = Server::with(settings.with("SSL_CERT_FILE", trusted.to_str().unwrap()));
    let client = Client::with_organization(&server).await;
    let secret = "whsec_Y2FuYXJ5IG9mIHRoZSB3ZWJob29rIHByb3ZpZGVyISE=";
    let config = json!({ "url": format!("https://{}/hook", receiver.address), "signingSecret": secret });
    let form = json!({ "provider": "webhook", "name": "Hook", "config": config });
    let integration = client.post("/v1/integrations", &form).await;
    let address = client.address("inbox", integration["id"].as_str().unwrap()).await;
    let event = json!({ "type": "email.received", "address": address, "from": "a@b.example", "subject": "Shipped" });
    client.post("/v1/events", &event).await;
    client.newest_in(&["delivered", "failed", "retry_scheduled"]).await
}

#[test]
fn a_private_address_is_reached_only_where_the_operator_lists_it() {
    block_on(async {
        let (sandbox, _) = sandbox().await;
        let receiver = Receiver::start().await;

        let refused = deliver(&receiver, Settings::new(&sandbox)).await;
        assert_eq!((&refused["status"], &refused["statusReason"]), (&json!("failed"), &json!("invalid_config")));
        assert_eq!(receiver.behind.connections(), 0);

        let listed = Settings::new(&sandbox).with("INTEGRATION_EGRESS_ALLOW", &receiver.address.to_string());
        let delivered = deliver(&receiver, listed).await;
        assert_eq!(delivered["status"], "delivered", "{delivered}");
        let targets: Vec<_> = receiver.behind.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(targets, ["/hook"]);
    });
}
