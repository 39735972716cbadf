//! `serve`: the server, until it is told to stop.

use integrations_core::Registry;
use tokio::runtime::Handle;

use crate::{config::Config, print, stop::StopSignal, wire::Server};

/// Runs the server until SIGTERM or SIGINT.
pub(crate) async fn serve(config: &Config, registry: Registry, migrate: bool, attempts: Handle) -> anyhow::Result<()> {
    let stop = StopSignal::listen()?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let server = Server::start(config, registry, migrate, attempts).await?;
    print(&format!("listening on http://{}\n", server.address()?))?;
    let stop = async {
        stop.received().await;
        tracing::info!("stopping: requests and attempts under way may end");
    };
    server.run(stop).await;
    Ok(())
}
