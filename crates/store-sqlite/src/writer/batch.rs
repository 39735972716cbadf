//! The calls of one commit.

use std::sync::Arc;

use integrations_core::{
    StoreError,
    store::{Begun, Recorded, Settled, Slot},
};
use tokio::sync::{mpsc, oneshot};

use super::{Call, change::Change};
use crate::{
    begin::{self, Begin},
    failure::unavailable,
    record::{self, Record, Recordings},
    session::Session,
    settle::{self, Settle},
    working::Working,
};

/// How many items a commit may have before the rest waits for the next.
const ITEMS: usize = 2000;

/// One call, as it waits.
pub(super) enum Job {
    Record(Call<Record, Vec<Recorded>>),
    Begin(Call<Begin, Vec<Begun>>),
    Settle(Call<Settle, Vec<Settled>>),
    Change(Box<dyn Change>),
    Erase(Box<dyn Change>),
    Close(oneshot::Sender<()>),
}

/// Calls that become one commit. They were all waiting at the same time, so their order among each other is free.
#[derive(Default)]
pub(super) struct Batch {
    settles: Vec<Call<Settle, Vec<Settled>>>,
    begins: Vec<Call<Begin, Vec<Begun>>>,
    records: Vec<Call<Record, Vec<Recorded>>>,
    changes: Vec<Box<dyn Change>>,
}

/// What came of the calls that answer a list.
pub(super) struct Answers {
    settled: Vec<Vec<Settled>>,
    begun: Vec<Vec<Begun>>,
    recorded: Vec<Vec<Recorded>>,
    /// What was accepted and got a slot.
    started: Vec<(Box<dyn Slot>, Begun)>,
}

/// A batch, and what cannot be part of one.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) batch: Batch,
    pub(super) erasures: Vec<Box<dyn Change>>,
    pub(super) closing: Vec<oneshot::Sender<()>>,
}

impl Gathered {
    /// Takes the first call and all that wait behind it, up to the limit.
    pub(super) fn gather(first: Job, queue: &mut mpsc::Receiver<Job>) -> Self {
        let mut gathered = Self::default();
        let mut items = 0;
        let mut next = Some(first);
        while let Some(job) = next {
            items += gathered.add(job);
            next = if items < ITEMS { queue.try_recv().ok() } else { None };
        }
        gathered
    }

    /// Gives the number of its items.
    fn add(&mut self, job: Job) -> usize {
        let batch = &mut self.batch;
        match job {
            Job::Record(call) => add(&mut batch.records, call, |input| input.arrivals.len()),
            Job::Begin(call) => add(&mut batch.begins, call, |input| input.dispatches.len()),
            Job::Settle(call) => add(&mut batch.settles, call, |input| input.reports.len()),
            Job::Change(change) => {
                batch.changes.push(change);
                1
            }
            Job::Erase(change) => {
                self.erasures.push(change);
                1
            }
            Job::Close(closed) => {
                self.closing.push(closed);
                0
            }
        }
    }
}

fn add<I, T>(calls: &mut Vec<Call<I, T>>, call: Call<I, T>, size: impl Fn(&I) -> usize) -> usize {
    let items = size(&call.input);
    calls.push(call);
    items
}

impl Batch {
    pub(super) fn of(change: Box<dyn Change>) -> Self {
        Self { changes: vec![change], ..Self::default() }
    }

    /// How many calls it has.
    pub(super) fn len(&self) -> usize {
        self.settles.len() + self.begins.len() + self.records.len() + self.changes.len()
    }

    /// Does the work of all calls in the open transaction, and commits it.
    pub(super) async fn work(&mut self, session: &mut Session<'_>, working: &mut Working) -> sqlx::Result<Answers> {
        working.verify(session);
        let settled = settle::run(session, working, &inputs(&self.settles)).await?;
        let Recordings { answers: recorded, starting, written } =
            record::run(session, working, &inputs(&self.records)).await?;
        let mut begins = inputs(&self.begins);
        begins.extend(starting.iter().map(|starting| &starting.begin));
        let mut begun = begin::run(session, working, &begins, written).await?;
        let first = begun.split_off(self.begins.len());
        let slots = starting.into_iter().flat_map(|starting| starting.slots);
        let started = slots.zip(first.into_iter().flatten()).collect();
        self.change(session, working).await?;
        working.commit(session).await?;
        Ok(Answers { settled, begun, recorded, started })
    }

    /// Makes the changes, which may look at the ends of threads. One that changes a row may have changed any; a sweep that
    /// finds nothing changes none.
    async fn change(&mut self, session: &mut Session<'_>, working: &mut Working) -> sqlx::Result<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        working.threads.read(session).await?;
        working.threads.store(session, false);
        let before = session.changed_rows().await?;
        for change in &mut self.changes {
            change.apply(session).await?;
        }
        if session.changed_rows().await? != before {
            *working = Working::default();
        }
        Ok(())
    }

    /// Tells everybody what came of it: the commit has succeeded.
    pub(super) fn answer(self, answers: Answers) {
        answers.started.into_iter().for_each(|(slot, begun)| slot.begun(begun));
        answer(self.settles, answers.settled);
        answer(self.begins, answers.begun);
        answer(self.records, answers.recorded);
        self.changes.into_iter().for_each(Change::answer);
    }

    /// Tells everybody that the commit failed.
    pub(super) fn refuse(self, error: sqlx::Error) {
        let error = Arc::new(error);
        refuse(self.settles, &error);
        refuse(self.begins, &error);
        refuse(self.records, &error);
        self.changes.into_iter().for_each(|change| change.refuse(&error));
    }

    /// The same calls, each alone.
    pub(super) fn split(self) -> impl Iterator<Item = Self> {
        let settles = self.settles.into_iter().map(|call| Self { settles: vec![call], ..Self::default() });
        let begins = self.begins.into_iter().map(|call| Self { begins: vec![call], ..Self::default() });
        let records = self.records.into_iter().map(|call| Self { records: vec![call], ..Self::default() });
        settles.chain(begins).chain(records).chain(self.changes.into_iter().map(Self::of))
    }
}

fn inputs<I, T>(calls: &[Call<I, T>]) -> Vec<&I> {
    calls.iter().map(|call| &call.input).collect()
}

fn answer<I, T>(calls: Vec<Call<I, T>>, answers: Vec<T>) {
    for (call, answer) in calls.into_iter().zip(answers) {
        let _ = call.answer.send(Ok(answer));
    }
}

fn refuse<I, T>(calls: Vec<Call<I, T>>, error: &Arc<sqlx::Error>) {
    for call in calls {
        let _ = call.answer.send(Err::<T, StoreError>(unavailable(error)));
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::{migrate, writer::change::ChangeCall};

    /// Whether the writer still knows what it knew before a change that is this statement.
    async fn keeps_knowledge(connection: &mut SqliteConnection, statement: &'static str) -> bool {
        let (answer, _answered) = oneshot::channel();
        let call = ChangeCall::new(
            statement,
            |tx, statement| Box::pin(async move { Ok(sqlx::query(*statement).execute(tx).await?.rows_affected()) }),
            answer,
        );
        let (mut batch, mut working) = (Batch::of(Box::new(call)), Working::default());
        working.any_lanes = true;
        let mut session = Session::over(connection);
        session.run("BEGIN IMMEDIATE");
        batch.work(&mut session, &mut working).await.unwrap();
        working.any_lanes
    }

    #[tokio::test]
    async fn only_a_change_of_rows_makes_the_writer_forget() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate::run(&mut connection).await.unwrap();
        sqlx::query("CREATE TABLE numbers (number INTEGER)").execute(&mut connection).await.unwrap();
        assert!(!keeps_knowledge(&mut connection, "INSERT INTO numbers VALUES (1)").await);
        assert!(keeps_knowledge(&mut connection, "DELETE FROM numbers WHERE number > 1").await);
    }
}
