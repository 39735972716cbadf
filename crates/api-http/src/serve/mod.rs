//! Serving connections so that slow and greedy clients are dropped, and stopping without cutting anybody off.
//!
//! HTTP/1 through hyper itself, since `axum::serve` never drops a client that sends half of a head.

mod connection;
mod patience;
mod peers;

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use self::{connection::Server, peers::Peers};
use crate::ConnectionLimits;

/// Serves `router` until `shutdown` is ready. Then no more connections are accepted, requests in flight are finished,
/// and what is not over after [`ConnectionLimits::drain_time`] is cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let peers = Peers::new(limits.per_peer);
    let stop = CancellationToken::new();
    let drain_time = limits.drain_time;
    let server = Server::new(router, limits, stop.clone());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let next = async { (Arc::clone(&slots).acquire_owned().await, accept(&listener).await) };
        let (slot, (stream, peer)) = tokio::select! {
            () = &mut shutdown => break,
            next = next => next,
        };
        if let Some(place) = peers.enter(peer.ip()) {
            let server = server.clone();
            connections.spawn(async move {
                server.serve(stream).await;
                drop((slot, place));
            });
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    stop.cancel();
    let _ = timeout(drain_time, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

/// The next connection. An error is that of one connection, or a lack of something that others will give back.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
