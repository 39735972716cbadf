//! The list of dispatches, newest first: along a thread, or through an index of what is under way or ended badly.
//! Pending ones stand in two, since those that are fresh have their own.

use std::cmp::Reverse;

use integrations_core::{
    Dispatch, DispatchStatus, OrganizationId,
    store::{DispatchFilter, Page, Paged},
};
use sqlx::{SqliteConnection, SqlitePool, sqlite::SqliteRow};

use crate::{
    columns::{Columns, Unreadable},
    dispatches::{self, BY_SEQUENCE},
    failure::Failure,
    session::Session,
    states::{delayed, fresh},
    value::integer,
};

/// How many dispatches a statement looks at, at most. A filter that few of them fit takes several statements.
const STEP: i64 = 1000;

/// Follows a thread, from the dispatch `?1` on.
macro_rules! along {
    ($previous:literal) => {
        concat!(
            "WITH RECURSIVE thread (sequence) AS (SELECT ?1 UNION ALL SELECT d.",
            $previous,
            " FROM thread CROSS JOIN dispatches d ON d.sequence = thread.sequence LIMIT ?2) ",
            "SELECT d.sequence, d.",
            $previous,
            ", d.integration, d.address, d.status ",
            "FROM thread CROSS JOIN dispatches d ON d.sequence = thread.sequence"
        )
    };
}

/// Reads an index, behind the dispatch `?1`.
macro_rules! through {
    ($index:literal where $condition:expr) => {
        concat!(
            "SELECT sequence, sequence, integration, address, status FROM dispatches INDEXED BY ",
            $index,
            " WHERE organization = ?3 AND status = ?4 AND sequence < ?1 AND ",
            $condition,
            " ORDER BY sequence DESC LIMIT ?2"
        )
    };
}

pub(crate) const IN_ORGANIZATION: &str = along!("previous_in_organization");
pub(crate) const AT_ADDRESS: &str = along!("previous_at_address");
pub(crate) const OF_INTEGRATION: &str = along!("previous_of_integration");
pub(crate) const DELAYED: &str = through!("dispatches_delayed" where delayed!());
pub(crate) const OPEN: &str = through!("dispatches_open" where "lease_until IS NOT NULL");
pub(crate) const ENDED_BADLY: &str = through!("dispatches_not_delivered" where "status IN ('failed', 'canceled')");

/// Fresh ones before the dispatch `?1`. They have no index of their organization: those of all are looked through, which
/// are few unless there is more to do than can be done.
pub(crate) const FRESH: &str = concat!(
    "SELECT sequence FROM dispatches INDEXED BY dispatches_fresh WHERE ",
    fresh!(),
    " AND organization = ?3 AND (?4 IS NULL OR integration = ?4) AND (?5 IS NULL OR address = ?5) \
     AND sequence < ?1 ORDER BY sequence DESC LIMIT ?2"
);

/// The last dispatch in the log of which this is true, or else the end that is written.
macro_rules! end {
    ($written:literal where $condition:literal) => {
        concat!(
            "coalesce((SELECT d.sequence FROM dispatches d WHERE d.sequence > l.dispatch AND ",
            $condition,
            " ORDER BY d.sequence DESC LIMIT 1), ",
            $written,
            ")"
        )
    };
}

/// An organization, what the filter names of it, and the end of the thread.
pub(crate) const SCOPE: &str = concat!(
    "SELECT o.sequence, i.sequence, a.sequence, CASE WHEN ?2 IS NOT NULL THEN ",
    end!("of.last" where "d.integration = i.sequence"),
    " WHEN ?3 IS NOT NULL THEN ",
    end!("at.last" where "d.address = a.sequence"),
    " ELSE ",
    end!("o.last_dispatch" where "d.organization = o.sequence"),
    " END FROM organizations o CROSS JOIN thread_log l \
     LEFT JOIN integrations i ON i.id = ?2 AND i.organization = o.sequence \
     LEFT JOIN thread_ends of ON of.list = 2 AND of.owner = i.sequence \
     LEFT JOIN addresses a ON a.id = ?3 AND a.organization = o.sequence \
     LEFT JOIN thread_ends at ON at.list = 1 AND at.owner = a.sequence \
     WHERE o.id = ?1"
);

/// Where a thread goes on behind a dispatch, if that is on it.
pub(crate) const BEHIND: &str = "SELECT CASE WHEN ?3 IS NOT NULL THEN previous_of_integration \
    WHEN ?4 IS NOT NULL THEN previous_at_address ELSE previous_in_organization END FROM dispatches \
    WHERE sequence = ?1 AND organization = ?2 AND coalesce(integration = ?3, TRUE) AND coalesce(address = ?4, TRUE)";

/// A piece of the list. A dispatch that cannot be read is left out.
pub(crate) async fn list(
    readers: &SqlitePool,
    organization: OrganizationId,
    filter: DispatchFilter,
    page: Page,
) -> Result<Paged<Dispatch>, Failure> {
    // One transaction, so that all statements see the same state.
    let mut reader = readers.begin().await?;
    let Some(list) = List::find(&mut reader, organization, filter).await? else {
        return Ok(Paged { items: Vec::new(), next: None });
    };
    let mut sequences = list.sequences(&mut reader, page).await?;
    if filter.status == Some(DispatchStatus::Pending) {
        sequences.append(&mut list.fresh(&mut reader, page).await?);
        sequences.sort_unstable_by_key(|sequence| Reverse(*sequence));
    }
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = sequences.len() > limit;
    sequences.truncate(limit);
    let next = sequences.last().filter(|_| more).and_then(|sequence| u64::try_from(*sequence).ok());
    let wanted = sequences.into_iter().map(|sequence| [sequence.into(), organization.into()]);
    let rows = Session::over(&mut reader).read(BY_SEQUENCE, wanted).await?;
    let items = rows.iter().filter_map(|row| {
        dispatches::read(row).inspect_err(|error| tracing::error!(%error, "a dispatch is left out of a list")).ok()
    });
    Ok(Paged { items: items.collect(), next })
}

/// A list, with everything by its number in the store.
struct List {
    organization: i64,
    integration: Option<i64>,
    address: Option<i64>,
    status: Option<DispatchStatus>,
    /// The end of the thread.
    end: Option<i64>,
}

/// A dispatch on the way through a list.
struct Step {
    sequence: i64,
    /// From where to go on.
    next: Option<i64>,
    fits: bool,
}

impl List {
    /// None if nothing can be on it.
    async fn find(
        reader: &mut SqliteConnection,
        organization: OrganizationId,
        filter: DispatchFilter,
    ) -> Result<Option<Self>, Failure> {
        let query = sqlx::query(SCOPE).bind(organization.as_bytes().as_slice());
        let query = query.bind(filter.integration.map(|id| id.as_bytes().to_vec()));
        let query = query.bind(filter.address.map(|id| id.as_bytes().to_vec()));
        let Some(row) = query.fetch_optional(reader).await? else { return Ok(None) };
        let mut columns = Columns::of(&row);
        let list = Self {
            organization: columns.next()?,
            integration: columns.next()?,
            address: columns.next()?,
            status: filter.status,
            end: columns.next()?,
        };
        let found = list.integration.is_some() == filter.integration.is_some()
            && list.address.is_some() == filter.address.is_some();
        Ok(Some(list).filter(|_| found))
    }

    /// The statement that passes over the fewest dispatches, and whether it follows a thread. What was delivered is
    /// most of the history, and so has no index.
    fn way(&self) -> (&'static str, bool) {
        use DispatchStatus::{Canceled, Delivered, Delivering, Failed, Pending, RetryScheduled};
        match self.status {
            Some(Pending | RetryScheduled) => (DELAYED, false),
            Some(Delivering) => (OPEN, false),
            Some(Failed | Canceled) => (ENDED_BADLY, false),
            None | Some(Delivered) if self.integration.is_some() => (OF_INTEGRATION, true),
            None | Some(Delivered) if self.address.is_some() => (AT_ADDRESS, true),
            None | Some(Delivered) => (IN_ORGANIZATION, true),
        }
    }

    /// The dispatches of a page, and one more if there is one.
    async fn sequences(&self, reader: &mut SqliteConnection, page: Page) -> Result<Vec<i64>, Failure> {
        let (sql, thread) = self.way();
        let wanted = i64::from(page.limit) + 1;
        let before = page.after.map_or(i64::MAX, integer);
        let mut from = if thread { self.start(reader, page.after).await? } else { Some(before) };
        let mut found = Vec::new();
        let mut size = wanted.min(STEP);
        while let Some(start) = from {
            let rows = sqlx::query(sql).bind(start).bind(size);
            let rows = rows.bind(self.organization).bind(self.status.map(DispatchStatus::as_str));
            let rows = rows.fetch_all(&mut *reader).await?;
            let steps = rows.iter().map(|row| self.step(row)).collect::<Result<Vec<_>, _>>()?;
            let fitting = steps.iter().filter(|step| step.fits && step.sequence < before);
            found.extend(fitting.map(|step| step.sequence));
            found.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
            let full = found.len() as u64 >= wanted.unsigned_abs();
            from = steps.last().filter(|_| !full).and_then(|step| step.next);
            size = STEP;
        }
        Ok(found)
    }

    /// The fresh ones of a page, and one more if there is one.
    async fn fresh(&self, reader: &mut SqliteConnection, page: Page) -> Result<Vec<i64>, Failure> {
        let fresh =
            sqlx::query_scalar(FRESH).bind(page.after.map_or(i64::MAX, integer)).bind(i64::from(page.limit) + 1);
        let fresh = fresh.bind(self.organization).bind(self.integration).bind(self.address);
        Ok(fresh.fetch_all(reader).await?)
    }

    /// Where the thread is taken up.
    async fn start(&self, reader: &mut SqliteConnection, after: Option<u64>) -> Result<Option<i64>, Failure> {
        let Some(after) = after else { return Ok(self.end) };
        let behind = sqlx::query_scalar(BEHIND).bind(integer(after)).bind(self.organization);
        let behind = behind.bind(self.integration).bind(self.address).fetch_optional(reader).await?;
        Ok(behind.unwrap_or(self.end))
    }

    fn step(&self, row: &SqliteRow) -> Result<Step, Unreadable> {
        let mut columns = Columns::of(row);
        let (sequence, next) = (columns.next()?, columns.next()?);
        let (integration, address, status): (i64, i64, &str) = (columns.next()?, columns.next()?, columns.next()?);
        let fits = self.integration.is_none_or(|wanted| integration == wanted)
            && self.address.is_none_or(|wanted| address == wanted)
            && self.status.is_none_or(|wanted| status == wanted.as_str());
        Ok(Step { sequence, next, fits })
    }
}
