//! The running server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::http;
use crate::world::World;

/// A Bot API server over a [`World`] of its own. Dropping it stops the server at once, with every connection.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    addr: SocketAddr,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a server on the current tokio runtime. Port 0 takes any free one.
    ///
    /// Everybody who can reach the address can do everything, so it should be one of this machine alone.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(listen: SocketAddr) -> io::Result<Self> {
        Self::start_with(listen, Config::default()).await
    }

    /// Starts a server that behaves as the configuration says.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start_with(listen: SocketAddr, config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let addr = listener.local_addr()?;
        let world = Arc::new(World::new(config));
        let server = tokio::spawn(http::serve(listener, Arc::clone(&world)));
        Ok(Self { world, addr, server })
    }

    /// The Telegram side: bots, chats, messages, faults.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What to use instead of `https://api.telegram.org`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops the server and waits until its port is free.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The only error is that it was aborted, which is what was asked for.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}
