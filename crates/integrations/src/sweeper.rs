//! Keeps the queue honest: tells it again and again what is due in the store.

use std::time::Duration;

use integrations_core::Platform;
use tokio_util::sync::CancellationToken;

/// One prune for so many sweeps.
const SWEEPS_PER_PRUNE: u64 = 240;

/// Sweeps until told to stop. A failing sweep is logged and followed by the next one.
pub(crate) async fn run(platform: Platform, every: Duration, stopping: CancellationToken) {
    for round in 0_u64.. {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if let Err(error) = platform.sweep().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed; it will be repeated");
        }
        if round % SWEEPS_PER_PRUNE == 0
            && let Err(error) = platform.ports().store.prune(platform.ports().clock.now()).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "prune failed; it will be repeated");
        }
    }
}
