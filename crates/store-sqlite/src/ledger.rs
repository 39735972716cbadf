//! The ledger of the daily limit, as far as it matters to a commit.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;
use integrations_core::rules::{Ledger, Policy};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
    value::integer,
};

pub(crate) const ORGANIZATIONS: Bulk<1> = Bulk(
    "SELECT o.sequence, o.windows, EXISTS (SELECT 1 FROM dispatches d \
     WHERE d.reason = 'daily_limit' AND d.organization = o.sequence) \
     FROM ({rows}) CROSS JOIN organizations o ON o.sequence = column1",
);

/// Counts to a limit only.
pub(crate) const AHEAD: &str = "SELECT count(*) FROM (SELECT 1 FROM dispatches \
    WHERE reason = 'daily_limit' AND organization = ?1 AND sequence < ?2 LIMIT ?3)";

pub(crate) const LINES: Bulk<3> = Bulk(
    "SELECT w.organization, w.number, w.opened_at FROM ({rows}) \
     CROSS JOIN windows w ON w.organization = column1 AND w.number BETWEEN column2 AND column3",
);

pub(crate) const OPENED: Bulk<3> =
    Bulk("INSERT INTO windows (organization, number, opened_at) SELECT * FROM ({rows}) WHERE column1 IS NOT NULL");

pub(crate) const COUNTS: Bulk<2> =
    Bulk("UPDATE OR FAIL organizations SET windows = column2 FROM ({rows}) WHERE sequence = column1");

/// A dispatch that may open a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) sequence: i64,
    pub(crate) organization: i64,
    pub(crate) daily_limit: u32,
    /// Whether it is held for the limit.
    pub(crate) held: bool,
}

/// The ledgers of the organizations of some candidates.
#[derive(Debug, Default)]
pub(crate) struct LedgerTable(HashMap<i64, Windows>);

/// The ledger of one organization.
#[derive(Debug, Default)]
struct Windows {
    /// How many were ever opened.
    opened: u64,
    /// How many were opened before this commit.
    stored: u64,
    /// When they were, as far as it matters.
    times: BTreeMap<u64, Timestamp>,
    /// How many candidates there are, and how many of them are held for the limit.
    candidates: u64,
    may_leave: u64,
    anybody_held: bool,
    /// How many were held for the limit before each candidate, before this commit.
    ahead: HashMap<i64, u64>,
    /// Those that this commit holds for the limit, and those that it does not hold any more.
    held: BTreeSet<i64>,
    gone: BTreeSet<i64>,
}

impl LedgerTable {
    pub(crate) async fn read(session: &mut Session<'_>, candidates: &[Candidate]) -> sqlx::Result<Self> {
        let mut table = Self::default();
        let mut organizations: Vec<_> = candidates.iter().map(|candidate| candidate.organization).collect();
        organizations.sort_unstable();
        organizations.dedup();
        let rows = session.read(ORGANIZATIONS, organizations.into_iter().map(|sequence| [sequence.into()])).await?;
        for row in &rows {
            table.pass_over(Self::add_organization, row);
        }
        for candidate in candidates {
            table.announce(candidate);
        }
        for candidate in candidates {
            table.count(session, candidate).await?;
        }
        let ranges = table.ranges(candidates).into_iter();
        let ranges = ranges.map(|(organization, (from, to))| [organization.into(), from.into(), to.into()]);
        for row in &session.read(LINES, ranges).await? {
            table.pass_over(Self::add_line, row);
        }
        Ok(table)
    }

    fn announce(&mut self, candidate: &Candidate) {
        if let Some(windows) = self.0.get_mut(&candidate.organization) {
            windows.candidates += 1;
            windows.may_leave += u64::from(candidate.held);
        }
    }

    /// Counts who is held before a candidate, if anybody is. Those who may leave in this commit are counted beyond the
    /// limit.
    async fn count(&mut self, session: &mut Session<'_>, candidate: &Candidate) -> sqlx::Result<()> {
        let Candidate { sequence, organization, daily_limit, .. } = *candidate;
        let Some(windows) = self.0.get_mut(&organization) else { return Ok(()) };
        if windows.anybody_held {
            let limit = u64::from(daily_limit) + windows.may_leave;
            let count = sqlx::query_scalar(AHEAD).bind(organization).bind(sequence).bind(integer(limit));
            let count: i64 = count.fetch_one(session.connection().await?).await?;
            windows.ahead.insert(sequence, count.unsigned_abs());
        }
        Ok(())
    }

    /// What the rule needs for this dispatch.
    pub(crate) fn facts(&self, sequence: i64, organization: i64, policy: &Policy) -> Ledger {
        let Some(windows) = self.0.get(&organization) else { return Ledger::default() };
        let ahead = windows.ahead(sequence);
        let opened_at = windows.times.get(&policy.gate(windows.opened, ahead)).copied();
        Ledger { ahead, opened_at }
    }

    /// A window has opened.
    pub(crate) fn open(&mut self, organization: i64, now: Timestamp) {
        let windows = self.0.entry(organization).or_default();
        windows.opened += 1;
        windows.times.insert(windows.opened, now);
    }

    /// A dispatch is held for the limit from now on, or is not any more.
    pub(crate) fn hold(&mut self, sequence: i64, organization: i64, was_held: bool, is_held: bool) {
        let Some(windows) = self.0.get_mut(&organization).filter(|_| was_held != is_held) else { return };
        let (enter, leave) =
            if is_held { (&mut windows.held, &mut windows.gone) } else { (&mut windows.gone, &mut windows.held) };
        if !leave.remove(&sequence) {
            enter.insert(sequence);
        }
    }

    pub(crate) fn store(self, session: &mut Session<'_>) {
        let changed: Vec<_> = self.0.into_iter().filter(|(_, windows)| windows.opened > windows.stored).collect();
        let lines = changed.iter().flat_map(|(organization, windows)| {
            let new = windows.times.range(windows.stored + 1..);
            new.map(|(number, opened_at)| [(*organization).into(), (*number).into(), (*opened_at).into()])
        });
        session.write(OPENED, lines);
        session.write(
            COUNTS,
            changed.iter().map(|(organization, windows)| [(*organization).into(), windows.opened.into()]),
        );
    }

    /// The numbers that may be asked for in each organization. While the commit works, windows open and dispatches
    /// enter and leave the wait, one for each candidate, which moves the number by as much.
    fn ranges(&self, candidates: &[Candidate]) -> HashMap<i64, (u64, u64)> {
        let mut ranges: HashMap<i64, (u64, u64)> = HashMap::default();
        for candidate in candidates {
            let Some(windows) = self.0.get(&candidate.organization) else { continue };
            let own = windows.opened + 1 + windows.ahead(candidate.sequence);
            let own = own.saturating_sub(candidate.daily_limit.into());
            let from = own.saturating_sub(windows.candidates).min(windows.opened);
            let to = (own + windows.candidates * 2).min(windows.opened);
            let range = ranges.entry(candidate.organization).or_insert((from, to));
            *range = (range.0.min(from), range.1.max(to));
        }
        ranges
    }

    fn add_organization(&mut self, row: &SqliteRow) -> Result<(), Unreadable> {
        let mut columns = Columns::of(row);
        let windows = self.0.entry(columns.next()?).or_default();
        windows.stored = columns.number()?;
        windows.opened = windows.stored;
        windows.anybody_held = columns.next()?;
        Ok(())
    }

    fn add_line(&mut self, row: &SqliteRow) -> Result<(), Unreadable> {
        let mut columns = Columns::of(row);
        let windows = self.0.entry(columns.next()?).or_default();
        windows.times.insert(columns.number()?, columns.time()?);
        Ok(())
    }

    fn pass_over(&mut self, add: fn(&mut Self, &SqliteRow) -> Result<(), Unreadable>, row: &SqliteRow) {
        if let Err(error) = add(self, row) {
            tracing::error!(%error, "a line of the ledger is passed over");
        }
    }
}

impl Windows {
    /// How many are held for the limit before this one by now.
    fn ahead(&self, sequence: i64) -> u64 {
        let before = self.ahead.get(&sequence).copied().unwrap_or_default();
        let (entered, left) = (self.held.range(..sequence).count() as u64, self.gone.range(..sequence).count() as u64);
        (before + entered).saturating_sub(left)
    }
}
