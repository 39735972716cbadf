//! `serve`: the server, until it is told to stop.

use integrations_core::Registry;
use tokio::signal::unix::{SignalKind, signal};

use crate::{config::Config, print, wire::Server};

/// Runs the server until SIGTERM or SIGINT.
pub(crate) async fn serve(config: &Config, registry: Registry, migrate: bool) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let server = Server::start(config, registry, migrate).await?;
    print(&format!("listening on http://{}\n", server.address()?))?;
    let stop = async {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        tracing::info!("stopping: requests and attempts under way may end");
    };
    server.run(stop).await;
    Ok(())
}
