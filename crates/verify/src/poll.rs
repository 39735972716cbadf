//! Asking again until there is an answer.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{sleep, timeout};

/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer, at most for `limit`. `what` says what is waited for.
pub(crate) async fn until<T>(
    limit: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            sleep(PAUSE).await;
        }
    };
    timeout(limit, asking).await.with_context(|| format!("within {} s {what}", limit.as_secs()))?
}
