//! A small HTTP server on loopback that behaves, and misbehaves, exactly as it is told.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What the server does after it has written its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Waits for the next request on the same connection.
    Keep,
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
    /// Says nothing more and keeps the connection open.
    Hang,
    /// Writes until the client goes away, or until [`POUR_LIMIT`].
    Pour,
}

/// After how many bytes [`Then::Pour`] gives up: much more than the buffers of two sockets hold.
pub const POUR_LIMIT: usize = 256 * 1024 * 1024;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// The target, as the request line has it.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// What has happened so far.
#[derive(Debug, Default)]
struct Log {
    accepted: usize,
    ended: usize,
    poured: usize,
    requests: Vec<Received>,
}

/// The server. Ends when dropped.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    log: watch::Sender<Log>,
    accepting: JoinHandle<()>,
}

impl Loopback {
    /// A server on a free port of 127.0.0.1 that meets every request with these bytes, whatever they are.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = watch::Sender::new(Log::default());
        let accepting = tokio::spawn(accept(listener, log.clone(), answer, then));
        Self { address, log, accepting }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL with that path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that came in whole, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.log.borrow().requests.clone()
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.log.borrow().accepted
    }

    /// Waits until that many connections are over, and until this runtime has been told so by the system. Gives the
    /// number of bytes that were poured out.
    ///
    /// # Panics
    /// If loopback does not work.
    pub async fn ended(&self, connections: usize) -> usize {
        let poured = self.log.subscribe().wait_for(|log| log.ended >= connections).await.unwrap().poured;
        see_what_came_before().await.unwrap();
        poured
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes a byte over a new connection. The system reports events in order, so once the byte is here, so is everything
/// that happened to other connections before.
async fn see_what_came_before() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut here = TcpStream::connect(listener.local_addr()?).await?;
    let (mut there, _) = listener.accept().await?;
    there.write_all(b".").await?;
    here.read_u8().await?;
    Ok(())
}

async fn accept(listener: TcpListener, log: watch::Sender<Log>, answer: Vec<u8>, then: Then) {
    while let Ok((stream, _)) = listener.accept().await {
        log.send_modify(|log| log.accepted += 1);
        let (log, answer) = (log.clone(), answer.clone());
        tokio::spawn(async move {
            // An error means that the client went away, which is its right.
            let _ = converse(stream, &log, &answer, then).await;
            log.send_modify(|log| log.ended += 1);
        });
    }
}

async fn converse(mut stream: TcpStream, log: &watch::Sender<Log>, answer: &[u8], then: Then) -> io::Result<()> {
    loop {
        let request = read_request(&mut stream).await?;
        log.send_modify(|log| log.requests.push(request));
        stream.write_all(answer).await?;
        match then {
            Then::Keep => {}
            Then::Close => return Ok(()),
            Then::Reset => return stream.set_zero_linger(),
            Then::Hang => return stream.read_u8().await.map(|_| ()),
            Then::Pour => return pour(&mut stream, log).await,
        }
    }
}

async fn pour(stream: &mut TcpStream, log: &watch::Sender<Log>) -> io::Result<()> {
    let block = [b'x'; 64 * 1024];
    for _ in 0..POUR_LIMIT / block.len() {
        stream.write_all(&block).await?;
        log.send_modify(|log| log.poured += block.len());
    }
    Ok(())
}

/// Reads a head and as many bytes of a body as its `Content-Length` says.
async fn read_request(stream: &mut TcpStream) -> io::Result<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: HeaderMap = lines.filter_map(read_header).collect();
    let length = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(Received { method, target, headers, body })
}

fn read_header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = HeaderName::from_bytes(&line[..colon]).ok()?;
    Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
}
