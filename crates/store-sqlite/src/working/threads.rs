//! What every new event changes besides adding rows: counters, and the ends of the threads that it lengthens.

use std::collections::HashMap;

use crate::session::{Bulk, Session};

pub(crate) const ORGANIZATIONS: Bulk<4> = Bulk(
    "UPDATE organizations SET last_event = column2, last_dispatch = coalesce(column3, last_dispatch), \
     waiting = waiting + column4 FROM ({rows}) WHERE sequence = column1",
);

pub(crate) const ENDS: Bulk<3> = Bulk(
    "INSERT INTO thread_ends (list, owner, last) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (list, owner) DO UPDATE SET last = excluded.last",
);

/// A thread of dispatches besides that of the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Thread {
    AtAddress(i64),
    OfIntegration(i64),
}

/// Counters and ends, as they will be when what was added is stored.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    organizations: HashMap<i64, Organization>,
    ends: HashMap<Thread, i64>,
    last_event: i64,
    last_dispatch: i64,
    /// What is to be stored: by organization, how many dispatches were added; and ends.
    added: HashMap<i64, i64>,
    moved: HashMap<Thread, i64>,
}

/// What new events change of an organization.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Organization {
    pub(crate) waiting: i64,
    pub(crate) last_event: Option<i64>,
    pub(crate) last_dispatch: Option<i64>,
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
    /// Notes what is stored of an organization, unless it is known.
    pub(crate) fn know(&mut self, sequence: i64, organization: Organization) {
        self.organizations.entry(sequence).or_insert(organization);
    }

    /// Notes the end of a thread, unless it is known.
    pub(crate) fn know_end(&mut self, thread: Thread, end: Option<i64>) {
        if let Some(end) = end {
            self.ends.entry(thread).or_insert(end);
        }
    }

    /// Notes the last sequence numbers.
    pub(crate) fn know_last(&mut self, event: i64, dispatch: i64) {
        (self.last_event, self.last_dispatch) = (event, dispatch);
    }

    /// How many dispatches wait in an organization that is known.
    pub(crate) fn waiting(&self, organization: i64) -> u64 {
        let waiting = self.organizations.get(&organization).map_or(0, |organization| organization.waiting);
        u64::try_from(waiting).unwrap_or_default()
    }

    /// Counts dispatches that wait now, or do not any more.
    pub(crate) fn count(&mut self, organization: i64, difference: i64) {
        if let Some(organization) = self.organizations.get_mut(&organization) {
            organization.waiting += difference;
        }
    }

    /// Adds an event.
    pub(crate) fn add_event(&mut self, organization: i64) -> EventLinks {
        self.last_event += 1;
        let sequence = self.last_event;
        self.added.entry(organization).or_default();
        let known = self.organizations.get_mut(&organization);
        EventLinks { sequence, previous: known.and_then(|known| known.last_event.replace(sequence)) }
    }

    /// Adds a dispatch.
    pub(crate) fn add_dispatch(&mut self, organization: i64, address: i64, integration: i64) -> DispatchLinks {
        self.last_dispatch += 1;
        let sequence = self.last_dispatch;
        *self.added.entry(organization).or_default() += 1;
        self.count(organization, 1);
        let known = self.organizations.get_mut(&organization);
        let in_organization = known.and_then(|known| known.last_dispatch.replace(sequence));
        let at_address = self.lengthen(Thread::AtAddress(address), sequence);
        let of_integration = self.lengthen(Thread::OfIntegration(integration), sequence);
        DispatchLinks { sequence, in_organization, at_address, of_integration }
    }

    /// A dispatch that has just been added starts, and does not wait any more.
    pub(crate) fn start(&mut self, organization: i64) {
        *self.added.entry(organization).or_default() -= 1;
        self.count(organization, -1);
    }

    /// Gives the dispatch that was the end.
    fn lengthen(&mut self, thread: Thread, sequence: i64) -> Option<i64> {
        self.moved.insert(thread, sequence);
        self.ends.insert(thread, sequence)
    }

    /// Stores what was added.
    pub(crate) fn store(&mut self, session: &mut Session<'_>) {
        let organizations = self.added.drain().filter_map(|(sequence, added)| {
            let known = self.organizations.get(&sequence)?;
            Some([sequence.into(), known.last_event.into(), known.last_dispatch.into(), added.into()])
        });
        session.write(ORGANIZATIONS, organizations);
        let ends = self.moved.drain().map(|(thread, last)| {
            let (list, owner): (i64, i64) = match thread {
                Thread::AtAddress(address) => (1, address),
                Thread::OfIntegration(integration) => (2, integration),
            };
            [list.into(), owner.into(), last.into()]
        });
        session.write(ENDS, ends);
    }
}
