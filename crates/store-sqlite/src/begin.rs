//! Starting attempts, for many calls at once: facts read together, the rule asked for each dispatch in turn, and what
//! it decides written together.

use std::sync::Arc;

use integrations_core::{
    DispatchId, DispatchState, DispatchStatus, HoldReason, Integration, Reason,
    rules::{BeginFacts, Beginning, Policy},
    store::{Begun, StartedAttempt},
};
use jiff::Timestamp;

use crate::{
    aside::{self, Aside},
    integrations,
    lanes::LaneTable,
    ledger::{Candidate, LedgerTable},
    record::write::Written,
    session::Session,
    states::Changes,
    working::{Dispatches, Known, Stored, Working},
};

/// A call of [`integrations_core::store::WorkStore::begin`].
pub(crate) struct Begin {
    pub(crate) dispatches: Vec<DispatchId>,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
}

/// Begins the dispatches of all calls; gives the answers to each. What is new in this commit, and may be among them, is
/// written on this occasion.
pub(crate) async fn run(
    session: &mut Session<'_>,
    working: &mut Working,
    calls: &[&Begin],
    new: Written,
) -> sqlx::Result<Vec<Vec<Begun>>> {
    let ids = || calls.iter().flat_map(|call| call.dispatches.iter().copied());
    working.dispatches.read(session, ids(), true).await?;
    integrations::read(session, working, ids()).await?;
    let mut beginning = Beginnings::of(session, working, calls, new).await?;
    let answers = calls.iter().map(|call| beginning.begin_all(call)).collect();
    beginning.store(session).await?;
    working.dispatches.forget_waiting(ids());
    Ok(answers)
}

/// All that is known, and how it changes as one dispatch after the other begins.
struct Beginnings<'w> {
    working: &'w mut Working,
    lanes: LaneTable,
    ledgers: LedgerTable,
    new: Written,
    changes: Changes,
    /// Those that cannot be begun since something of them cannot be read.
    aside: Vec<i64>,
    now: Timestamp,
}

impl<'w> Beginnings<'w> {
    async fn of(
        session: &mut Session<'_>,
        working: &'w mut Working,
        calls: &[&Begin],
        new: Written,
    ) -> sqlx::Result<Self> {
        let ids = calls.iter().flat_map(|call| call.dispatches.iter().copied()).filter(|_| working.any_lanes);
        let lanes = LaneTable::read(session, working.living(ids)).await?;
        let ledgers = LedgerTable::read(session, &candidates(&working.dispatches, calls)).await?;
        let now = calls.iter().map(|call| call.now).max().unwrap_or_default();
        Ok(Self { working, lanes, ledgers, new, changes: Changes::default(), aside: Vec::new(), now })
    }

    fn begin_all(&mut self, call: &Begin) -> Vec<Begun> {
        call.dispatches.iter().map(|id| self.begin(*id, call).unwrap_or(Begun::Nothing)).collect()
    }

    /// None if there is nothing to do for it.
    fn begin(&mut self, id: DispatchId, call: &Begin) -> Option<Begun> {
        let Self { working, lanes, ledgers, new, changes, aside, .. } = self;
        let Working { dispatches, integrations, threads, .. } = &mut **working;
        let known = dispatches.get_mut(id)?;
        let (sequence, organization) = (known.sequence, known.organization);
        let stored = integrations.get(&known.integration);
        let waits = known.state.as_ref().is_none_or(|state| state.status.is_waiting());
        let readable = known.state.is_some() && known.event.is_some() && stored.is_some_and(Stored::is_sound);
        if waits && !readable {
            tracing::error!(dispatch = %id, "it or its integration cannot be read; it is left alone for an hour");
            aside.push(sequence);
            return None;
        }
        let state = known.state.as_mut()?;
        let integration = stored.and_then(Stored::living);
        let Begin { policy, now, .. } = call;
        let beginning = policy.begin(BeginFacts {
            now: *now,
            state,
            integration: integration.map(Arc::as_ref),
            lanes: integration.map(|integration| lanes.of(integration)).unwrap_or_default(),
            ledger: ledgers.facts(sequence, organization, policy),
        });
        let (next, opens_window, counted) = match beginning {
            Beginning::NotNow(until) => return until.map(Begun::Waiting),
            Beginning::Write { state, opens_window, lanes } => (*state, opens_window, lanes),
        };
        if opens_window {
            ledgers.open(organization, *now);
        }
        ledgers.hold(sequence, organization, is_limited(state), is_limited(&next));
        if let (Some(counted), Some(integration)) = (counted, integration) {
            lanes.set(integration, organization, counted);
        }
        let before = std::mem::replace(state, next.clone());
        let begun = match next.status {
            DispatchStatus::Delivering => start(id, known, integration?, *now)?,
            _ => next.due_at.map_or(Begun::Nothing, Begun::Waiting),
        };
        if new.start(sequence, &next, *now) {
            threads.start(organization);
        } else {
            changes.add(sequence, organization, before, next, known.started_at);
        }
        Some(begun)
    }

    async fn store(self, session: &mut Session<'_>) -> sqlx::Result<()> {
        let Self { working, lanes, ledgers, new, changes, aside, now } = self;
        new.store(session);
        working.threads.store(session, working.alone);
        changes.store(session, Some(&mut working.threads));
        working.any_lanes |= lanes.store(session);
        ledgers.store(session);
        aside::put(session, Aside::Waiting, &aside, now).await
    }
}

/// Hands out the attempt that has just been opened.
fn start(id: DispatchId, known: &mut Known, integration: &Arc<Integration>, now: Timestamp) -> Option<Begun> {
    known.started_at = Some(now);
    let state = known.state.as_ref()?;
    Some(Begun::Started(Box::new(StartedAttempt {
        dispatch: id,
        generation: state.generation,
        number: state.attempt_count,
        event: known.event.take()?,
        integration: Arc::clone(integration),
    })))
}

/// Those that may open a window under a daily limit.
fn candidates(dispatches: &Dispatches, calls: &[&Begin]) -> Vec<Candidate> {
    let limited = calls.iter().filter(|call| call.policy.daily_limit > 0);
    let wanted = limited.flat_map(|call| call.dispatches.iter().map(|id| (*id, call.policy.daily_limit)));
    let candidates = wanted.filter_map(|(id, daily_limit)| {
        let known = dispatches.get(id)?;
        let state = known.state.as_ref().filter(|state| state.window_ends_at.is_none())?;
        let (sequence, organization, held) = (known.sequence, known.organization, is_limited(state));
        Some(Candidate { sequence, organization, daily_limit, held })
    });
    candidates.collect()
}

fn is_limited(state: &DispatchState) -> bool {
    state.reason == Some(Reason::Hold(HoldReason::DailyLimit))
}
