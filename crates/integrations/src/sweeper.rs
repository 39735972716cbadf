//! Keeps the queue honest: tells it again and again what is due in the store.

use std::time::Duration;

use integrations_core::{Platform, WorkError, store::Held};
use tokio_util::sync::CancellationToken;

/// One prune for so many sweeps.
const SWEEPS_PER_PRUNE: u64 = 240;

/// By how much sooner than usual a sweep that failed is repeated.
const SOONER: u32 = 5;

/// Sweeps at once and then again and again, until told to stop. A failing sweep is logged and followed by the next one.
pub(crate) async fn run(platform: Platform, every: Duration, stopping: CancellationToken) {
    let sweeping = async {
        let mut started = false;
        for round in 0_u64.. {
            let pause = match sweep(&platform, started).await {
                Ok(()) => {
                    started = true;
                    every
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "sweep failed; it will be repeated");
                    every / SOONER
                }
            };
            tokio::time::sleep(pause).await;
            if round % SWEEPS_PER_PRUNE == 0
                && let Err(error) = platform.ports().store.prune(platform.ports().clock.now()).await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "prune failed; it will be repeated");
            }
        }
    };
    // What a sweep has not told yet, the next one tells, so that it may be left anywhere.
    tokio::select! {
        () = stopping.cancelled() => {}
        () = sweeping => {}
    }
}

async fn sweep(platform: &Platform, started: bool) -> Result<(), WorkError> {
    if !started {
        // The limit may be another one than before the start.
        platform.release(Held::ByDailyLimit).await?;
    }
    platform.sweep().await
}
