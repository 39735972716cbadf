//! The one writer: calls of all kinds wait in a queue, and all that wait become one commit as soon as the commit before
//! is done. There is no timer, so an idle store answers at once, and a busy one has fewer, larger commits.

mod batch;
mod change;
mod task;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use integrations_core::{
    StoreError,
    store::{Begun, Recorded, Settled},
};
use sqlx::{SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::change::Work;
use self::{batch::Job, change::ChangeCall, task::Task};
use crate::{begin::Begin, failure::broken, owner::Owner, record::Record, settle::Settle};

/// How many calls may wait before callers wait to ask.
const QUEUE: usize = 4096;

/// What a call waits for.
type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// Something asked of the writer. Who stops waiting for the answer does not stop the work.
struct Call<I, T> {
    input: I,
    answer: Answer<T>,
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the task that writes through this connection. It keeps the ownership of the file until it has ended.
    pub(crate) async fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        owner: Option<Owner>,
    ) -> sqlx::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let commits = Arc::default();
        let task = Task::new(connection, options, owner, Arc::clone(&commits)).await?;
        tokio::spawn(task.run(queue));
        Ok(Self { jobs, commits })
    }

    pub(crate) async fn record(&self, input: Record) -> Result<Vec<Recorded>, StoreError> {
        self.call(|answer| Job::Record(Call { input, answer })).await
    }

    pub(crate) async fn begin(&self, input: Begin) -> Result<Vec<Begun>, StoreError> {
        self.call(|answer| Job::Begin(Call { input, answer })).await
    }

    pub(crate) async fn settle(&self, input: Settle) -> Result<Vec<Settled>, StoreError> {
        self.call(|answer| Job::Settle(Call { input, answer })).await
    }

    /// Any other change. If it fails, the others in its commit do not.
    pub(crate) async fn change<I, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.call(|answer| Job::Change(Box::new(ChangeCall::new(input, work, answer)))).await
    }

    /// A change that needs a transaction of its own, in which nobody checks foreign keys.
    pub(crate) async fn erase<I, T>(&self, input: I, work: Work<I, T>) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.call(|answer| Job::Erase(Box::new(ChangeCall::new(input, work, answer)))).await
    }

    /// Ends the task after what was asked of it before; whoever comes later is refused.
    pub(crate) async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.jobs.send(Job::Close(closed)).await.is_ok() {
            let _ = done.await;
        }
    }

    /// How many commits were made.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn call<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| broken("the store is closed"))?;
        answered.await.unwrap_or_else(|_| Err(broken("the store's writer failed")))
    }
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions as _;

    use super::*;
    use crate::migrate;

    #[tokio::test]
    async fn a_panic_fails_one_commit_and_not_the_writer() {
        let folder = tempfile::TempDir::new().unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("writer.db")).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        migrate::run(&mut connection).await.unwrap();
        let writer = Writer::start(connection, options, None).await.unwrap();
        let failed = writer.change((), |_, ()| Box::pin(async { panic!("a bug") })).await;
        assert!(matches!(failed, Err::<(), _>(StoreError::Unavailable { .. })), "{failed:?}");
        assert_eq!(writer.change(7, |_, number| Box::pin(async { Ok(*number) })).await.unwrap(), 7);
    }
}
