//! One connection, from its first byte to its last.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
};

use axum::{Router, response::Response};
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::http1::Builder,
    service::{Service, service_fn},
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncWriteExt as _, copy, sink},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::patience::Patient;
use crate::ConnectionLimits;

/// What all connections share.
#[derive(Clone)]
pub(super) struct Server {
    builder: Builder,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
}

impl Server {
    pub(super) fn new(router: Router, limits: ConnectionLimits, stop: CancellationToken) -> Self {
        let mut builder = Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .max_headers(limits.headers)
            .max_header_size(limits.head_bytes)
            .max_buf_size(limits.head_bytes);
        Self { builder, router, limits, stop }
    }

    /// Serves requests until the client, a limit or a shutdown ends it.
    pub(super) async fn serve(self, stream: TcpStream) {
        // Answers are written whole, so there is nothing to wait for before they are sent.
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(Patient::new(stream, self.limits.write_time));
        let mut connection = self.builder.serve_connection(io, service(self.router));
        let mut stop = pin!(self.stop.cancelled());
        let mut stopping = false;
        let ended = loop {
            tokio::select! {
                ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
                () = &mut stop, if !stopping => {
                    stopping = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
        };
        // Who was too slow, or is gone, is not waited for again.
        if ended.is_ok() || ended.is_err_and(|error| error.is_parse()) {
            let stream = connection.into_parts().io.into_inner().into_inner();
            let _ = timeout(self.limits.linger_time, linger(stream)).await;
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

fn service(
    router: Router,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future = Answer> {
    service_fn(move |request| -> Answer { Box::pin(router.clone().oneshot(request)) })
}

/// Ends our side and reads on until the client has ended its own. A socket that is closed with unread bytes in it resets
/// the connection, and the client may never see the answer that tells why its body was refused.
async fn linger(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    copy(&mut stream, &mut sink()).await?;
    Ok(())
}
