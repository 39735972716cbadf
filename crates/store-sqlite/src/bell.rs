//! A bell that SQLite rings when a commit is about to be made.
//!
//! A connection has a thread of its own, which answers after every single statement of a text. Whoever waits for the
//! first answer is woken a dozen times for one commit, and each time the threads change places, which costs more than
//! the statements themselves. So the writer sleeps until the last statement has its turn, and then takes all answers
//! at once.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use sqlx::SqliteConnection;
use tokio::{sync::Notify, time};

/// After so long the answers are looked at anyway: a statement that fails ends the text early, and rings no bell.
const PATIENCE: Duration = Duration::from_millis(5);

/// The bell of one connection.
#[derive(Debug)]
pub(crate) struct Bell(Arc<Notify>);

impl Bell {
    /// Hangs it up. A connection has one.
    pub(crate) async fn on(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        let bell = Arc::new(Notify::new());
        let rope = Arc::clone(&bell);
        connection.lock_handle().await?.set_commit_hook(move || {
            rope.notify_one();
            true
        });
        Ok(Self(bell))
    }

    /// Forgets earlier commits.
    pub(crate) fn silence(&self) {
        let _ = self.0.notified().now_or_never();
    }

    /// Waits until it rings.
    pub(crate) async fn rung(&self) {
        let _ = time::timeout(PATIENCE, self.0.notified()).await;
    }
}
