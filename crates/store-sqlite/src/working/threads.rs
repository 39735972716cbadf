//! What every new event changes besides adding rows: counters, and the ends of the threads that it lengthens.
//!
//! Ends that have moved lately are in a small table of their own. In the large one, an event would change another page
//! for each of its threads, however few events there are in a commit.

use std::collections::HashMap;

use crate::session::{Bulk, Session};

pub(crate) const WAITING: Bulk<2> =
    Bulk("UPDATE organizations SET waiting = waiting + column2 FROM ({rows}) WHERE sequence = column1");

pub(crate) const ENDS: Bulk<3> = Bulk(
    "INSERT INTO recent_ends (list, owner, last) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
);

/// Makes recent ends settled ones.
pub(crate) const SETTLE: [&str; 2] = [
    "INSERT INTO settled_ends (list, owner, last) SELECT list, owner, last FROM recent_ends WHERE TRUE \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
    "DELETE FROM recent_ends",
];

/// How many ends may be recent. They fill a dozen pages then, and as many fit into most pages of the large table that
/// one page takes several of them.
const RECENT: usize = 2048;

/// The end of the thread of an owner, as an expression.
macro_rules! end {
    (at address $owner:literal) => {
        $crate::working::threads::end!(1, $owner)
    };
    (of integration $owner:literal) => {
        $crate::working::threads::end!(2, $owner)
    };
    (in organization $owner:literal) => {
        $crate::working::threads::end!(3, $owner)
    };
    (of events $owner:literal) => {
        $crate::working::threads::end!(4, $owner)
    };
    ($list:literal, $owner:literal) => {
        concat!(
            "coalesce((SELECT last FROM recent_ends WHERE list = ",
            $list,
            " AND owner = ",
            $owner,
            "), (SELECT last FROM settled_ends WHERE list = ",
            $list,
            " AND owner = ",
            $owner,
            "))"
        )
    };
}
pub(crate) use end;

/// A list that grows at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Thread {
    AtAddress(i64),
    OfIntegration(i64),
    InOrganization(i64),
    Events(i64),
}

impl Thread {
    /// The number of its list, and its owner's.
    fn key(self) -> (i64, i64) {
        match self {
            Self::AtAddress(address) => (1, address),
            Self::OfIntegration(integration) => (2, integration),
            Self::InOrganization(organization) => (3, organization),
            Self::Events(organization) => (4, organization),
        }
    }
}

/// Counters and ends, as they will be when what was added is stored.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    /// How many dispatches wait, by organization.
    waiting: HashMap<i64, i64>,
    ends: HashMap<Thread, i64>,
    last_event: i64,
    last_dispatch: i64,
    /// What is to be stored: by organization, how many dispatches that wait were added; and ends.
    added: HashMap<i64, i64>,
    moved: HashMap<Thread, i64>,
    /// How many ends are recent, at most.
    recent: usize,
}

/// What is read once for all threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Last {
    pub(crate) event: Option<i64>,
    pub(crate) dispatch: Option<i64>,
    pub(crate) recent: usize,
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

impl Threads {
    /// Notes how many dispatches wait in an organization, unless it is known.
    pub(crate) fn know_waiting(&mut self, organization: i64, waiting: i64) {
        self.waiting.entry(organization).or_insert(waiting);
    }

    /// Notes the end of a thread, unless it is known.
    pub(crate) fn know_end(&mut self, thread: Thread, end: Option<i64>) {
        if let Some(end) = end {
            self.ends.entry(thread).or_insert(end);
        }
    }

    /// Notes the last sequence numbers, and how many ends are recent.
    pub(crate) fn know_last(&mut self, last: Last) {
        self.last_event = last.event.unwrap_or_default();
        self.last_dispatch = last.dispatch.unwrap_or_default();
        self.recent = last.recent;
    }

    /// How many dispatches wait in an organization that is known.
    pub(crate) fn waiting(&self, organization: i64) -> u64 {
        let waiting = self.waiting.get(&organization).copied();
        u64::try_from(waiting.unwrap_or_default()).unwrap_or_default()
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
        EventLinks { sequence, previous: self.lengthen(Thread::Events(organization), sequence) }
    }

    /// Adds a dispatch.
    pub(crate) fn add_dispatch(&mut self, organization: i64, address: i64, integration: i64) -> DispatchLinks {
        self.last_dispatch += 1;
        let sequence = self.last_dispatch;
        *self.added.entry(organization).or_default() += 1;
        self.count(organization, 1);
        let in_organization = self.lengthen(Thread::InOrganization(organization), sequence);
        let at_address = self.lengthen(Thread::AtAddress(address), sequence);
        let of_integration = self.lengthen(Thread::OfIntegration(integration), sequence);
        DispatchLinks { sequence, in_organization, at_address, of_integration }
    }

    /// A dispatch that has just been added starts, and does not wait any more.
    pub(crate) fn start(&mut self, organization: i64) {
        *self.added.entry(organization).or_default() -= 1;
        self.count(organization, -1);
    }

    /// Gives what was the end.
    fn lengthen(&mut self, thread: Thread, sequence: i64) -> Option<i64> {
        self.moved.insert(thread, sequence);
        self.ends.insert(thread, sequence)
    }

    /// Stores what was added.
    pub(crate) fn store(&mut self, session: &mut Session<'_>) {
        let added = self.added.drain().filter(|(_, added)| *added != 0);
        session.write(WAITING, added.map(|(organization, added)| [organization.into(), added.into()]));
        self.recent += self.moved.len();
        let ends = self.moved.drain().map(|(thread, last)| {
            let (list, owner) = thread.key();
            [list.into(), owner.into(), last.into()]
        });
        session.write(ENDS, ends);
        if self.recent > RECENT {
            SETTLE.into_iter().for_each(|statement| session.run(statement));
            self.recent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, SqliteConnection};

    use super::*;
    use crate::migrate;

    const COUNTS: &str = "SELECT (SELECT count(*) FROM recent_ends), (SELECT count(*) FROM settled_ends)";
    const FIRST: &str = concat!("SELECT ", end!(at address "0"));

    async fn store(threads: &mut Threads, connection: &mut SqliteConnection) -> (i64, i64) {
        let mut session = Session::over(connection);
        threads.store(&mut session);
        session.flush().await.unwrap();
        sqlx::query_as(COUNTS).fetch_one(connection).await.unwrap()
    }

    #[tokio::test]
    async fn ends_are_recent_until_they_are_many() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate::run(&mut connection).await.unwrap();
        let mut threads = Threads::default();
        threads.add_dispatch(1, 0, 1);
        assert_eq!(store(&mut threads, &mut connection).await, (3, 0));
        let many = i64::try_from(RECENT).unwrap();
        for address in 0..many {
            threads.add_dispatch(1, address, 1);
        }
        assert_eq!(store(&mut threads, &mut connection).await, (0, many + 2));
        let again = threads.add_dispatch(1, 0, 1);
        assert_eq!(again.at_address, Some(2));
        assert_eq!(store(&mut threads, &mut connection).await, (3, many + 2));
        let end: i64 = sqlx::query_scalar(FIRST).fetch_one(&mut connection).await.unwrap();
        assert_eq!(end, again.sequence);
    }
}
