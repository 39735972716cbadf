//! Connections, and how to reset one from within a call.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(10);

/// The connection that a request came over. Every request carries it.
#[derive(Clone, Default)]
pub(super) struct Link(Arc<Notify>);

impl Link {
    /// Resets the connection. The call that asks for it ends here.
    pub(super) async fn reset<T>(&self) -> T {
        self.0.notify_one();
        pending().await
    }
}

/// Takes connections until it is dropped, which ends them all.
pub(super) async fn accept(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, router.clone()));
                }
                // Too many open files, perhaps: some will be closed.
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    // Without it small answers wait for acknowledgements; a socket that refuses is merely slower.
    let _ = stream.set_nodelay(true);
    let link = Link::default();
    let app = TowerToHyperService::new(router);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(link.clone());
        app.call(request)
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // It ends well or badly; either way the peer knows more about it than we do.
        _ = &mut connection => {}
        () = link.0.notified() => {
            // Closing a socket that does not linger sends a reset; if this fails the peer sees an early end.
            let _ = connection.into_parts().io.into_inner().set_zero_linger();
        }
    }
}
