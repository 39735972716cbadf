//! What every new event changes besides adding rows: the ends of the threads that it lengthens, and how many dispatches
//! wait.
//!
//! Ends are remembered and written now and then: with many addresses, nearly every event would change another page for
//! its own. Until then the new rows themselves are the log, which whoever does not remember the ends reads.

use foldhash::HashMap;
use sqlx::Row as _;

use crate::{
    session::{Bulk, Session},
    states::WAITING,
};

/// Behind which event the log begins, beside each event in it, or alone if there is none.
pub(crate) const EVENTS: &str = "SELECT l.event, e.sequence, e.organization \
    FROM thread_log l LEFT JOIN events e ON e.sequence > l.event ORDER BY e.sequence";

/// The same for dispatches.
pub(crate) const DISPATCHES: &str = "SELECT l.dispatch, d.sequence, d.organization, d.address, d.integration \
    FROM thread_log l LEFT JOIN dispatches d ON d.sequence > l.dispatch ORDER BY d.sequence";

pub(crate) const ORGANIZATIONS: Bulk<3> = Bulk(
    "UPDATE organizations SET last_event = column2, last_dispatch = coalesce(column3, last_dispatch) \
     FROM ({rows}) WHERE sequence = column1",
);

pub(crate) const ENDS: Bulk<3> = Bulk(
    "INSERT INTO thread_ends (list, owner, last) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
);

const START_LOG: &str = "UPDATE thread_log SET event = ?, dispatch = ?";

/// How many rows the log may have. That many lie in a few hundred pages, which is what a reader may have to look
/// through; and among 100,000 addresses, as many ends share a page as make it cheap to write.
const LOG: i64 = 8192;

/// Threads of one kind: lists that grow at their ends, by owner.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    by_owner: HashMap<i64, End>,
    /// The owners of those whose end is not written yet.
    moved: Vec<i64>,
}

#[derive(Debug, Clone, Copy)]
struct End {
    last: i64,
    /// Whether it is written.
    written: bool,
}

/// Ends and counters, as they will be when what was added is stored.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    /// The events of each organization; all others are of dispatches.
    pub(crate) events: Ends,
    pub(crate) in_organization: Ends,
    pub(crate) at_address: Ends,
    pub(crate) of_integration: Ends,
    last_event: i64,
    last_dispatch: i64,
    /// Behind which event and dispatch the log begins; none before it is read.
    log: Option<(i64, i64)>,
    /// How many dispatches wait, by organization.
    waiting: HashMap<i64, i64>,
    /// How many of them are to be stored.
    added: HashMap<i64, i64>,
}

/// A new event, and the one before it in its organization.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventLinks {
    pub(crate) sequence: i64,
    pub(crate) previous: Option<i64>,
}

/// A new dispatch, and those before it on its threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DispatchLinks {
    pub(crate) sequence: i64,
    pub(crate) in_organization: Option<i64>,
    pub(crate) at_address: Option<i64>,
    pub(crate) of_integration: Option<i64>,
}

impl Ends {
    /// Notes the written end of a thread, unless a later one is known.
    pub(crate) fn know(&mut self, owner: i64, last: Option<i64>) {
        if let Some(last) = last {
            self.by_owner.entry(owner).or_insert(End { last, written: true });
        }
    }

    /// Gives what was the end.
    fn lengthen(&mut self, owner: i64, sequence: i64) -> Option<i64> {
        let end = self.by_owner.insert(owner, End { last: sequence, written: false });
        if end.is_none_or(|end| end.written) {
            self.moved.push(owner);
        }
        end.map(|end| end.last)
    }

    /// Gives the ends that have moved since the last time, by owner, to be written.
    fn write(&mut self) -> Vec<(i64, i64)> {
        self.moved.sort_unstable();
        let by_owner = &mut self.by_owner;
        let moved = self.moved.drain(..).filter_map(|owner| {
            let end = by_owner.get_mut(&owner)?;
            end.written = true;
            Some((owner, end.last))
        });
        moved.collect()
    }
}

impl Threads {
    /// Reads the log, unless it is remembered.
    pub(crate) async fn read(&mut self, session: &mut Session<'_>) -> sqlx::Result<()> {
        if self.log.is_some() {
            return Ok(());
        }
        let (mut event, mut dispatch) = (0, 0);
        session.run(EVENTS);
        for row in session.send().await? {
            event = row.try_get(0)?;
            let Some(sequence) = row.try_get(1)? else { continue };
            self.events.lengthen(row.try_get(2)?, sequence);
            self.last_event = sequence;
        }
        session.run(DISPATCHES);
        for row in session.send().await? {
            dispatch = row.try_get(0)?;
            let Some(sequence) = row.try_get(1)? else { continue };
            let [organization, address, integration] = [row.try_get(2)?, row.try_get(3)?, row.try_get(4)?];
            self.lengthen_all(organization, address, integration, sequence);
            self.last_dispatch = sequence;
        }
        (self.last_event, self.last_dispatch) = (self.last_event.max(event), self.last_dispatch.max(dispatch));
        self.log = Some((event, dispatch));
        Ok(())
    }

    /// Notes how many dispatches wait in an organization, unless it is known.
    pub(crate) fn know_waiting(&mut self, organization: i64, waiting: i64) {
        self.waiting.entry(organization).or_insert(waiting);
    }

    /// How many dispatches wait in an organization that is known.
    pub(crate) fn waiting(&self, organization: i64) -> u64 {
        let waiting = self.waiting.get(&organization).copied().unwrap_or_default();
        u64::try_from(waiting).unwrap_or_default()
    }

    /// Counts dispatches that wait now, or do not any more.
    pub(crate) fn count(&mut self, organization: i64, difference: i64) {
        if let Some(waiting) = self.waiting.get_mut(&organization) {
            *waiting += difference;
        }
    }

    /// Adds an event.
    pub(crate) fn add_event(&mut self, organization: i64) -> EventLinks {
        self.last_event += 1;
        let sequence = self.last_event;
        EventLinks { sequence, previous: self.events.lengthen(organization, sequence) }
    }

    /// Adds a dispatch.
    pub(crate) fn add_dispatch(&mut self, organization: i64, address: i64, integration: i64) -> DispatchLinks {
        self.last_dispatch += 1;
        *self.added.entry(organization).or_default() += 1;
        self.count(organization, 1);
        self.lengthen_all(organization, address, integration, self.last_dispatch)
    }

    /// A dispatch that has just been added starts, and does not wait any more.
    pub(crate) fn start(&mut self, organization: i64) {
        *self.added.entry(organization).or_default() -= 1;
        self.count(organization, -1);
    }

    fn lengthen_all(&mut self, organization: i64, address: i64, integration: i64, sequence: i64) -> DispatchLinks {
        let in_organization = self.in_organization.lengthen(organization, sequence);
        let at_address = self.at_address.lengthen(address, sequence);
        let of_integration = self.of_integration.lengthen(integration, sequence);
        DispatchLinks { sequence, in_organization, at_address, of_integration }
    }

    /// Stores what was added; ends only if the log has become long, or is not to be kept.
    pub(crate) fn store(&mut self, session: &mut Session<'_>, keep_log: bool) {
        let added = self.added.drain().filter(|(_, added)| *added != 0);
        session.write(WAITING, added.map(|(organization, added)| [organization.into(), added.into()]));
        let (event, dispatch) = self.log.unwrap_or_default();
        let length = self.last_event - event + self.last_dispatch - dispatch;
        if length > if keep_log { LOG } else { 0 } {
            self.write_ends(session);
        }
    }

    /// Writes the ends that have moved, page by page, and starts the log anew.
    fn write_ends(&mut self, session: &mut Session<'_>) {
        // An event has moved both ends of its organization, if it has dispatches.
        let dispatches: HashMap<_, _> = self.in_organization.write().into_iter().collect();
        let organizations = self.events.write().into_iter().map(|(organization, event)| {
            [organization.into(), event.into(), dispatches.get(&organization).copied().into()]
        });
        session.write(ORGANIZATIONS, organizations);
        for (list, ends) in [(1_i64, &mut self.at_address), (2, &mut self.of_integration)] {
            session.write(ENDS, ends.write().into_iter().map(|(owner, last)| [list.into(), owner.into(), last.into()]));
        }
        session.run_with(START_LOG, [self.last_event.into(), self.last_dispatch.into()]);
        self.log = Some((self.last_event, self.last_dispatch));
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::migrate;

    const ORGANIZATION: i64 = 1;
    const INTEGRATION: i64 = 2;

    struct File(SqliteConnection);

    impl File {
        async fn new() -> Self {
            let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
            migrate::run(&mut connection).await.unwrap();
            sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
            let organization =
                "INSERT INTO organizations (sequence, id, name, created_at) VALUES (1, zeroblob(16), '', 0)";
            sqlx::query(organization).execute(&mut connection).await.unwrap();
            Self(connection)
        }

        /// A file with a dispatch at each of these addresses, and what the process knows that added them.
        async fn with(addresses: &[i64]) -> (Self, Threads) {
            let mut file = Self::new().await;
            let mut threads = file.start().await;
            for address in addresses {
                file.add(&mut threads, *address).await;
            }
            (file, threads)
        }

        /// What a process knows that has just started.
        async fn start(&mut self) -> Threads {
            let mut threads = Threads::default();
            threads.read(&mut Session::over(&mut self.0)).await.unwrap();
            threads
        }

        /// Adds an event with a dispatch, and their rows.
        async fn add(&mut self, threads: &mut Threads, address: i64) -> DispatchLinks {
            let event = threads.add_event(ORGANIZATION);
            let dispatch = threads.add_dispatch(ORGANIZATION, address, INTEGRATION);
            let rows = format!(
                "INSERT INTO events (sequence, id, organization, address, occurred_at, received_at, payload) \
                 VALUES ({}, randomblob(16), 1, {address}, 0, 0, ''); \
                 INSERT INTO dispatches (sequence, id, organization, event, address, integration, status, generation, \
                 attempt_count, step, lost_answers, held_before) \
                 VALUES ({}, randomblob(16), 1, 0, {address}, 2, 'delivered', 0, 0, 0, 0, 0)",
                event.sequence, dispatch.sequence
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut self.0).await.unwrap();
            dispatch
        }

        async fn store(&mut self, threads: &mut Threads, keep_log: bool) {
            let mut session = Session::over(&mut self.0);
            threads.store(&mut session, keep_log);
            session.flush().await.unwrap();
        }

        /// The ends that are written.
        async fn ends(&mut self) -> Vec<(i64, i64, i64)> {
            let ends = "SELECT list, owner, last FROM thread_ends UNION ALL \
                SELECT 0, last_event, last_dispatch FROM organizations WHERE last_event IS NOT NULL ORDER BY 1, 2";
            sqlx::query_as(ends).fetch_all(&mut self.0).await.unwrap()
        }
    }

    #[tokio::test]
    async fn ends_that_were_not_written_are_found_again() {
        let (mut file, mut threads) = File::with(&[7, 8, 7]).await;
        file.store(&mut threads, true).await;
        assert_eq!(file.ends().await, []);

        let mut threads = file.start().await;
        threads.at_address.know(7, Some(0));
        let added = file.add(&mut threads, 7).await;
        let links = (added.sequence, added.at_address, added.in_organization, added.of_integration);
        assert_eq!(links, (4, Some(3), Some(3), Some(3)));
        assert_eq!(threads.add_event(ORGANIZATION).previous, Some(4));
    }

    #[tokio::test]
    async fn ends_are_written_for_others() {
        let (mut file, mut threads) = File::with(&[7, 8, 7]).await;
        file.store(&mut threads, false).await;
        assert_eq!(file.ends().await, [(0, 3, 3), (1, 7, 3), (1, 8, 2), (2, INTEGRATION, 3)]);
        file.add(&mut threads, 8).await;
        file.store(&mut threads, false).await;
        assert_eq!(file.ends().await, [(0, 4, 4), (1, 7, 3), (1, 8, 4), (2, INTEGRATION, 4)]);
    }

    #[tokio::test]
    async fn a_long_log_is_ended_and_no_number_is_used_twice() {
        let (mut file, mut threads) = File::with(&[]).await;
        for address in 0..=LOG / 2 {
            threads.add_event(ORGANIZATION);
            threads.add_dispatch(ORGANIZATION, address, INTEGRATION);
        }
        file.store(&mut threads, true).await;
        assert_eq!(file.ends().await.len() as i64, LOG / 2 + 3);
        // The rows were never there, as if they had been deleted.
        let mut threads = file.start().await;
        assert_eq!(file.add(&mut threads, 0).await.sequence, LOG / 2 + 2);
    }
}
