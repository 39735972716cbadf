//! The task that writes: takes calls, commits, answers, and never dies.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::FutureExt as _;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{sync::mpsc, task};

use super::{
    batch::{Answers, Batch, Gathered, Job},
    change::Change,
};
use crate::{bell::Bell, failure::Kind, owner::Owner, session::Session, working::Working};

/// How many calls that wait are worth a commit at once, so that others work while it is made.
const ENOUGH: usize = 32;

pub(super) struct Task {
    /// None after a failure, until the next call.
    held: Option<Held>,
    options: SqliteConnectOptions,
    owner: Option<Owner>,
    commits: Arc<AtomicU64>,
}

/// A connection, and what is known of the file that it writes to.
struct Held {
    connection: SqliteConnection,
    bell: Bell,
    working: Working,
}

impl Held {
    async fn new(mut connection: SqliteConnection) -> sqlx::Result<Self> {
        let bell = Bell::on(&mut connection).await?;
        Ok(Self { connection, bell, working: Working::default() })
    }
}

impl Task {
    pub(super) async fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        owner: Option<Owner>,
        commits: Arc<AtomicU64>,
    ) -> sqlx::Result<Self> {
        let held = Some(Held::new(connection).await?);
        Ok(Self { held, options: options.create_if_missing(false), owner, commits })
    }

    /// Works until the queue is closed.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut closing = Vec::new();
        while let Some(job) = queue.recv().await {
            // Whoever is ready to call, too, does so first, and has a part in the same commit.
            if queue.len() < ENOUGH {
                task::yield_now().await;
            }
            let Gathered { batch, erasures, closing: asked } = Gathered::gather(job, &mut queue);
            if !asked.is_empty() {
                queue.close();
                closing.extend(asked);
            }
            // A panic takes the connection with it, and those who wait are told that it failed.
            let worked = AssertUnwindSafe(self.work(batch, erasures)).catch_unwind().await;
            if worked.is_err() {
                tracing::error!("a commit was given up");
            }
        }
        if let Some(held) = self.held {
            let _ = held.connection.close().await;
        }
        drop(self.owner);
        for closed in closing {
            let _ = closed.send(());
        }
    }

    async fn work(&mut self, batch: Batch, erasures: Vec<Box<dyn Change>>) {
        self.commit(batch).await;
        for change in erasures {
            self.erase(Batch::of(change)).await;
        }
    }

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
        let erased = match self.set("PRAGMA foreign_keys = OFF").await {
            Ok(()) => self.attempt(&mut batch).await,
            Err(error) => Err(error),
        };
        if self.set("PRAGMA foreign_keys = ON").await.is_err() {
            self.held = None;
        }
        match erased {
            Ok(answers) => batch.answer(answers),
            Err(error) => batch.refuse(error),
        }
    }

    async fn set(&mut self, pragma: &'static str) -> sqlx::Result<()> {
        let mut held = self.hold().await?;
        sqlx::query(pragma).execute(&mut held.connection).await?;
        self.held = Some(held);
        Ok(())
    }

    /// One transaction, or a second one if what was known turns out not to be true any more.
    async fn attempt(&mut self, batch: &mut Batch) -> sqlx::Result<Answers> {
        match self.transact(batch).await {
            Err(error) if Working::was_outdated(&error) => self.transact(batch).await,
            result => result,
        }
    }

    /// One transaction. The connection is kept if there is no doubt about it.
    async fn transact(&mut self, batch: &mut Batch) -> sqlx::Result<Answers> {
        let Held { mut connection, bell, mut working } = self.hold().await?;
        let _turn = match &self.owner {
            Some(owner) => owner.turn().await?,
            None => None,
        };
        // Beside others, what is known is often not true any more, and a transaction that fails rings no bell.
        working.alone = self.owner.as_ref().is_some_and(Owner::is_alone);
        let mut session = Session::over(&mut connection).listening(working.alone.then_some(&bell));
        session.run("BEGIN IMMEDIATE");
        match batch.work(&mut session, &mut working).await {
            Ok(answers) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.held = Some(Held { connection, bell, working });
                Ok(answers)
            }
            Err(error) => {
                let rolled_back = sqlx::query("ROLLBACK").execute(&mut connection).await;
                if rolled_back.is_ok() && Kind::of(&error).may_be_one_call() {
                    self.held = Some(Held { connection, bell, working: Working::default() });
                }
                Err(error)
            }
        }
    }

    async fn hold(&mut self) -> sqlx::Result<Held> {
        match self.held.take() {
            Some(held) => Ok(held),
            None => Held::new(self.options.connect().await?).await,
        }
    }
}
