//! The task that owns the connection: takes calls, commits, answers, and never dies.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::mpsc;

use super::batch::{Answers, Batch, Gathered, Job};
use crate::{failure::Kind, owner::Owner};

pub(super) struct Task {
    /// None after a failure, until the next call.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    owner: Option<Owner>,
    commits: Arc<AtomicU64>,
}

impl Task {
    pub(super) fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        owner: Option<Owner>,
        commits: Arc<AtomicU64>,
    ) -> Self {
        Self { connection: Some(connection), options: options.create_if_missing(false), owner, commits }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut closing = Vec::new();
        while let Some(job) = queue.recv().await {
            let Gathered { batch, erasures, closing: asked } = Gathered::gather(job, &mut queue);
            if !asked.is_empty() {
                queue.close();
                closing.extend(asked);
            }
            self = self.turn(batch, erasures).await;
        }
        if let Some(connection) = self.connection {
            let _ = connection.close().await;
        }
        drop(self.owner);
        for closed in closing {
            let _ = closed.send(());
        }
    }

    /// Works in a task of its own, so that a panic in it does not end the writer.
    async fn turn(self, batch: Batch, erasures: Vec<Box<dyn super::change::Change>>) -> Self {
        let Self { connection, options, owner, commits } = self;
        let mut turn = Turn { connection, options: options.clone(), commits: Arc::clone(&commits) };
        let worked = tokio::spawn(async move {
            turn.commit(batch).await;
            for change in erasures {
                turn.erase(Batch::of(change)).await;
            }
            turn.connection
        });
        let connection = worked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a commit was given up");
            None
        });
        Self { connection, options, owner, commits }
    }
}

/// The work on what was gathered.
struct Turn {
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    commits: Arc<AtomicU64>,
}

impl Turn {
    /// Commits all calls together, or, if that fails because of one of them, each alone.
    async fn commit(&mut self, mut batch: Batch) {
        if batch.len() == 0 {
            return;
        }
        match self.attempt(&mut batch).await {
            Ok(answers) => batch.answer(answers),
            Err(error) if batch.len() > 1 && Kind::of(&error).may_be_one_call() => {
                tracing::warn!(%error, calls = batch.len(), "a commit failed; its calls are tried one by one");
                for mut alone in batch.split() {
                    match self.attempt(&mut alone).await {
                        Ok(answers) => alone.answer(answers),
                        Err(error) => alone.refuse(error),
                    }
                }
            }
            Err(error) => batch.refuse(error),
        }
    }

    /// Commits a call outside the reach of foreign keys. The setting has no effect inside a transaction
    /// (<https://sqlite.org/pragma.html#pragma_foreign_keys>).
    async fn erase(&mut self, mut batch: Batch) {
        let erased = match self.set_foreign_keys("PRAGMA foreign_keys = OFF").await {
            Ok(()) => self.attempt(&mut batch).await,
            Err(error) => Err(error),
        };
        if self.set_foreign_keys("PRAGMA foreign_keys = ON").await.is_err() {
            self.connection = None;
        }
        match erased {
            Ok(answers) => batch.answer(answers),
            Err(error) => batch.refuse(error),
        }
    }

    async fn set_foreign_keys(&mut self, statement: &'static str) -> sqlx::Result<()> {
        let mut connection = self.connect().await?;
        sqlx::query(statement).execute(&mut connection).await?;
        self.connection = Some(connection);
        Ok(())
    }

    /// One transaction. After a failure that leaves the connection in doubt, the next one gets another connection.
    async fn attempt(&mut self, batch: &mut Batch) -> sqlx::Result<Answers> {
        let mut connection = self.connect().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let answers = match batch.work(&mut transaction).await {
            Ok(answers) => answers,
            Err(error) => {
                if transaction.rollback().await.is_ok() && Kind::of(&error) == Kind::Statement {
                    self.connection = Some(connection);
                }
                return Err(error);
            }
        };
        transaction.commit().await?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.connection = Some(connection);
        Ok(answers)
    }

    async fn connect(&mut self) -> sqlx::Result<SqliteConnection> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.options.connect().await,
        }
    }
}
