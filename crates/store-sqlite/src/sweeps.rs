//! What is found again: abandoned attempts, and held dispatches that may try again.

use integrations_core::{
    AttemptOutcome, DispatchState, QueueEntry,
    rules::Policy,
    store::{Abandoned, Held},
};
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    aside::{self, Aside},
    attempts::{self, Failed},
    failure::Failure,
    session::Session,
    states::{Changes, Facts, select_facts},
    value::millis,
};

/// Open attempts whose lease ends at `?1` or before, behind the dispatch `?2`.
pub(crate) const ABANDONED: &str = select_facts!(
    from "dispatches d INDEXED BY dispatches_open"
    where "d.lease_until <= ?1 AND d.lease_until IS NOT NULL AND d.sequence > ?2 ORDER BY d.sequence LIMIT ?3"
);

/// What is held for integrations that are active: first the integrations for which anything is held, by one probe of
/// the index each, then some of each.
pub(crate) const HELD_BY_INTEGRATION: &str = select_facts!(
    from "(WITH RECURSIVE held (integration) AS ( \
           SELECT min(integration) FROM dispatches INDEXED BY dispatches_held_by_integration \
           WHERE reason IN ('integration_paused', 'integration_disabled') \
           UNION ALL \
           SELECT (SELECT min(integration) FROM dispatches INDEXED BY dispatches_held_by_integration \
                   WHERE reason IN ('integration_paused', 'integration_disabled') \
                   AND integration > held.integration) \
           FROM held WHERE held.integration IS NOT NULL) \
           SELECT integration FROM held) h \
           CROSS JOIN integrations w ON w.sequence = h.integration AND w.status = 'active' AND w.deleted_at IS NULL \
           CROSS JOIN dispatches d ON d.sequence IN ( \
               SELECT sequence FROM dispatches INDEXED BY dispatches_held_by_integration \
               WHERE reason IN ('integration_paused', 'integration_disabled') \
               AND integration = h.integration ORDER BY sequence LIMIT ?2)"
    where "?1 IS NOT NULL ORDER BY d.sequence LIMIT ?2"
);

pub(crate) const HELD_FOR_THE_DAY: &str = select_facts!(
    from "dispatches d INDEXED BY dispatches_held_for_the_day"
    where "d.reason = 'daily_limit' AND d.due_at > ?1 ORDER BY d.sequence LIMIT ?2"
);

/// Which attempts to close, and until how many are due again.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    pub(crate) which: Abandoned,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
    pub(crate) limit: u32,
}

/// Closes attempts until `limit` dispatches are due again or none is left.
pub(crate) async fn interrupt(tx: &mut SqliteConnection, asked: &Interrupt) -> Result<Vec<QueueEntry>, Failure> {
    let lease_ends = match asked.which {
        Abandoned::All => i64::MAX,
        Abandoned::LeaseEnded => millis(asked.now),
    };
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let missing = i64::from(asked.limit).saturating_sub_unsigned(entries.len() as u64);
        let rows = sqlx::query(ABANDONED).bind(lease_ends).bind(after).bind(missing).fetch_all(&mut *tx).await?;
        let Some(last) = rows.last() else { return Ok(entries) };
        after = last.try_get(0)?;
        let mut found = Found::default();
        for row in &rows {
            found.look(row, |facts, found| {
                let interrupted = asked.policy.interrupted(&facts.state, facts.deleted(), asked.now)?;
                found.failed.extend(facts.started_at.map(|started_at| Failed {
                    dispatch: facts.sequence,
                    number: facts.state.attempt_count,
                    started_at,
                    ended_at: asked.now,
                    outcome: AttemptOutcome::Interrupted,
                    error: interrupted.last_error.clone(),
                    retry_after: None,
                }));
                Some(interrupted)
            });
        }
        entries.extend(found.store(tx, Aside::Open, asked.now).await?);
    }
}

/// Releases held dispatches until `limit` are due or none is left.
pub(crate) async fn release(
    tx: &mut SqliteConnection,
    which: Held,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<QueueEntry>, Failure> {
    let select = match which {
        Held::ByIntegration => HELD_BY_INTEGRATION,
        Held::ByDailyLimit => HELD_FOR_THE_DAY,
    };
    let mut entries = Vec::new();
    loop {
        let missing = i64::from(limit).saturating_sub_unsigned(entries.len() as u64);
        let rows = sqlx::query(select).bind(millis(now)).bind(missing).fetch_all(&mut *tx).await?;
        if rows.is_empty() {
            return Ok(entries);
        }
        let mut found = Found::default();
        for row in &rows {
            found.look(row, |facts, _| facts.state.released(now));
        }
        entries.extend(found.store(tx, Aside::Waiting, now).await?);
    }
}

/// What is done with some rows.
#[derive(Debug, Default)]
struct Found {
    changes: Changes,
    failed: Vec<Failed>,
    entries: Vec<QueueEntry>,
    aside: Vec<i64>,
}

impl Found {
    /// Changes a dispatch as the rule says; one that cannot be read, or be changed, is left alone for a while.
    fn look(&mut self, row: &SqliteRow, rule: impl Fn(&Facts, &mut Self) -> Option<DispatchState>) {
        let facts =
            Facts::read(row).inspect_err(|error| tracing::error!(%error, "a dispatch is left alone for an hour"));
        let changed = facts.ok().and_then(|facts| Some((rule(&facts, self)?, facts)));
        let Some((state, mut facts)) = changed else {
            self.aside.extend(row.try_get::<i64, _>(0).ok());
            return;
        };
        let before = std::mem::replace(&mut facts.state, state.clone());
        self.changes.add(facts.sequence, facts.organization, before, state, None);
        self.entries.extend(facts.entry());
    }

    async fn store(self, tx: &mut SqliteConnection, which: Aside, now: Timestamp) -> sqlx::Result<Vec<QueueEntry>> {
        let mut session = Session::over(tx);
        self.changes.store(&mut session, None);
        attempts::store(&mut session, self.failed);
        aside::put(&mut session, which, &self.aside, now).await?;
        session.flush().await?;
        Ok(self.entries)
    }
}
