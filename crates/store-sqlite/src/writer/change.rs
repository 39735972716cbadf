//! A rare change: some work in a savepoint of its own.

use std::{future::Future, pin::Pin, sync::Arc};

use integrations_core::StoreError;
use sqlx::SqliteConnection;

use super::Answer;
use crate::{
    failure::{Failure, broken, unavailable},
    session::Session,
};

/// A future of a change.
pub(crate) type Pending<'t, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 't>>;

/// What makes a change. It can be called again, should the first commit fail because of another call.
pub(crate) type Work<I, T> = for<'t> fn(&'t mut SqliteConnection, &'t I) -> Pending<'t, T>;

/// A change, whatever it answers.
#[async_trait::async_trait]
pub(super) trait Change: Send {
    /// Makes the change in the open transaction and keeps the outcome.
    async fn apply(&mut self, session: &mut Session<'_>) -> sqlx::Result<()>;

    /// Gives the outcome to whoever waits for it: the commit has succeeded.
    fn answer(self: Box<Self>);

    /// Tells whoever waits that the commit failed.
    fn refuse(self: Box<Self>, error: &Arc<sqlx::Error>);
}

pub(super) struct ChangeCall<I, T> {
    input: I,
    work: Work<I, T>,
    outcome: Option<Result<T, StoreError>>,
    answer: Answer<T>,
}

impl<I, T> ChangeCall<I, T> {
    pub(super) fn new(input: I, work: Work<I, T>, answer: Answer<T>) -> Self {
        Self { input, work, outcome: None, answer }
    }
}

#[async_trait::async_trait]
impl<I, T> Change for ChangeCall<I, T>
where
    I: Send + Sync,
    T: Send,
{
    async fn apply(&mut self, session: &mut Session<'_>) -> sqlx::Result<()> {
        session.run("SAVEPOINT change");
        self.outcome = match (self.work)(session.connection().await?, &self.input).await {
            Ok(done) => Some(Ok(done)),
            Err(Failure::Refused(error)) => {
                session.run("ROLLBACK TO change");
                Some(Err(error))
            }
            Err(Failure::Database(error)) => return Err(error),
        };
        session.run("RELEASE change");
        Ok(())
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or_else(|| Err(broken("a change was left out")));
        let _ = self.answer.send(outcome);
    }

    fn refuse(self: Box<Self>, error: &Arc<sqlx::Error>) {
        let _ = self.answer.send(Err(unavailable(error)));
    }
}
