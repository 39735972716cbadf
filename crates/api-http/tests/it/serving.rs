//! Connections, as they are served over real sockets.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api_http::{ConnectionLimits, RequestLimits, serve};
use axum::{Router, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::api::{ADMIN_TOKEN, Api};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(300);

/// Limits that no test meets by accident.
fn patient() -> ConnectionLimits {
    ConnectionLimits {
        head_time: LONG,
        write_time: LONG,
        linger_time: LONG,
        drain_time: LONG,
        ..ConnectionLimits::default()
    }
}

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let served = tokio::spawn(serve(listener, router, limits, stop.clone().cancelled_owned()));
        Self { address, stop, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes and gives everything that comes back until the connection ends.
    async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_ref()).await.unwrap();
        rest(&mut stream).await
    }
}

/// What comes until the connection ends, in whatever way.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn closing(method_and_path: &str) -> String {
    format!("{method_and_path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
}

fn posting(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n{headers}\r\n")
}

#[tokio::test]
async fn slow_clients_are_dropped_and_others_are_served() {
    let api = Api::limited(RequestLimits { json_time: SHORT, ..RequestLimits::default() });
    let server = Server::start(api.router.clone(), ConnectionLimits { head_time: SHORT, ..patient() }).await;
    let mut slow = Vec::new();
    for n in 0..200 {
        let mut stream = server.connect().await;
        stream.write_all(&b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "[..20 + n % 18]).await.unwrap();
        slow.push(stream);
    }
    let trickling = posting("/v1/organizations", "Content-Length: 1000\r\n");
    let mut trickles = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        stream.write_all(trickling.as_bytes()).await.unwrap();
        stream.write_all(b"{").await.unwrap();
        trickles.push(stream);
    }
    for _ in 0..50 {
        assert!(server.exchange(closing("GET /livez")).await.starts_with("HTTP/1.1 200"));
    }
    for mut stream in slow {
        assert!(!rest(&mut stream).await.contains("200 OK"));
    }
    for mut stream in trickles {
        let answer = tokio::time::timeout(LONG, async {
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.unwrap();
            head
        });
        assert_eq!(&answer.await.unwrap(), b"HTTP/1.1 408");
    }
    assert!(server.exchange(closing("GET /readyz")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_does_not_read_is_dropped() {
    let api = Api::new();
    let server = Server::start(api.router.clone(), ConnectionLimits { write_time: SHORT, ..patient() }).await;
    let mut stream = server.connect().await;
    let requests = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000);
    while stream.write_all(requests.as_bytes()).await.is_ok() {}
    assert!(server.exchange(closing("GET /livez")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_open_at_once() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = (open.clone(), most.clone());
    let handler = async move || {
        let (open, most) = counted;
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        open.fetch_sub(1, Ordering::SeqCst);
    };
    let router = Router::new().route("/", get(handler));
    let server = Server::start(router, ConnectionLimits { connections: 3, ..patient() }).await;
    let clients = (0..50).map(|_| server.exchange(closing("GET /")));
    for answer in futures_util::future::join_all(clients).await {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_flight() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let notifies = (begun.clone(), go_on.clone());
    let handler = async move || {
        notifies.0.notify_one();
        notifies.1.notified().await;
        "done"
    };
    let server = Server::start(Router::new().route("/", get(handler)), patient()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, "", "an idle connection is closed");
    assert!(TcpStream::connect(server.address).await.is_err(), "no connection is accepted any more");
    go_on.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    drop((idle, busy));
    server.served.await.unwrap();
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let begun = Arc::new(Notify::new());
    let notify = begun.clone();
    let handler = async move || {
        notify.notify_one();
        std::future::pending::<()>().await;
    };
    let router = Router::new().route("/", get(handler));
    let server = Server::start(router, ConnectionLimits { drain_time: SHORT, ..patient() }).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.stop.cancel();
    server.served.await.unwrap();
    assert_eq!(rest(&mut stuck).await, "");
}

#[tokio::test]
async fn who_sends_first_and_reads_later_learns_why_it_was_refused() {
    let api = Api::limited(RequestLimits { mail_bytes: 1_000, ..RequestLimits::default() });
    let organization = api.admin().post("/v1/organizations", serde_json::json!({ "name": "Acme" })).await;
    let server = Server::start(api.router.clone(), patient()).await;
    // More than the sockets hold between them.
    let body = vec![b'x'; 32 << 20];
    let announced = format!("Content-Length: {}\r\nX-Org-Id: {}\r\n", body.len(), organization.id());
    let known = posting("/v1/emails?recipient=a@localhost", &announced);
    let unknown = known.replace(ADMIN_TOKEN, "nonsense");
    for (head, status) in [(known, "413"), (unknown, "401")] {
        let answer = server.exchange([head.as_bytes(), &body].concat()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
}

#[tokio::test]
async fn a_small_body_that_is_refused_does_not_cost_the_connection() {
    let api = Api::new();
    let server = Server::start(api.router.clone(), patient()).await;
    let refused = "POST /v1/organizations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let answers = server.exchange(format!("{refused}{}", closing("GET /livez"))).await;
    assert!(answers.starts_with("HTTP/1.1 401") && answers.contains("HTTP/1.1 200"), "{answers}");
    let problem = answers.split("\r\n\r\n").nth(1).unwrap();
    let length = answers.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(problem.as_bytes()[length.parse::<usize>().unwrap() - 1] == b'}', "{problem}");
}

#[tokio::test]
async fn heads_have_their_limits() {
    let api = Api::new();
    let server = Server::start(api.router.clone(), patient()).await;
    let long = format!("GET /livez HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(100 << 10));
    let answer = server.exchange(long).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("GET /livez HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(101));
    assert!(server.exchange(many).await.starts_with("HTTP/1.1 431"));
    for garbage in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00"] {
        let mut stream = server.connect().await;
        stream.write_all(garbage.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(!rest(&mut stream).await.contains("200 OK"));
    }
    assert!(server.exchange(closing("GET /livez")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_is_asked_over_a_socket_is_answered() {
    let api = Api::new();
    let server = Server::start(api.router.clone(), patient()).await;
    let body = r#"{"name":"Acme"}"#;
    let headers = format!("Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n", body.len());
    let mut stream = server.connect().await;
    stream.write_all(posting("/v1/organizations", &headers).as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201") && answer.contains(r#""name":"Acme""#), "{answer}");

    let chunked = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    let pieces = "7\r\n{\"name\"\r\n8\r\n:\"Acme\"}\r\n0\r\n\r\n";
    let answer = server.exchange(posting("/v1/organizations", chunked) + pieces).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let broken = server.exchange(posting("/v1/organizations", chunked) + "zzz\r\n").await;
    assert!(broken.starts_with("HTTP/1.1 400"), "{broken}");
}
