//! How a person or a service manager tells the program to stop.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT, noticed from the moment this is made.
pub(crate) struct StopSignal {
    terminated: Signal,
    interrupted: Signal,
}

impl StopSignal {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminated: signal(SignalKind::terminate())?, interrupted: signal(SignalKind::interrupt())? })
    }

    pub(crate) async fn received(mut self) {
        tokio::select! {
            _ = self.terminated.recv() => {}
            _ = self.interrupted.recv() => {}
        }
    }
}
