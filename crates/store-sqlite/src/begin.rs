//! Starting attempts, for many calls at once: facts read together, the rule asked for each dispatch in turn, and what
//! it decides written together.

use std::collections::HashMap;

use integrations_core::{
    AddressId, DispatchId, DispatchState, DispatchStatus, Event, EventId, HoldReason, OrganizationId, Reason,
    rules::{BeginFacts, Beginning, Policy},
    store::{Begun, StartedAttempt},
};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;

use crate::{
    aside::{self, Aside},
    columns::{Columns, Unreadable},
    integrations::{self, Living, Reading},
    lanes::LaneTable,
    ledger::{Candidate, LedgerTable},
    session::{Bulk, Session},
    states::{self, Changes, state_columns},
};

/// A call of [`integrations_core::store::WorkStore::begin`].
pub(crate) struct Begin {
    pub(crate) dispatches: Vec<DispatchId>,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
}

pub(crate) const FACTS: Bulk<1> = Bulk(concat!(
    "SELECT d.id, d.sequence, d.organization, d.integration, o.id, e.id, a.id, a.name, ",
    "e.occurred_at, e.received_at, e.payload, ",
    state_columns!(),
    " FROM ({rows}) CROSS JOIN dispatches d ON d.id = column1",
    " CROSS JOIN organizations o ON o.sequence = d.organization",
    " CROSS JOIN events e ON e.sequence = d.event",
    " CROSS JOIN addresses a ON a.sequence = d.address"
));

/// A dispatch that is asked for.
struct Found {
    sequence: i64,
    organization: i64,
    integration: i64,
    /// None if it cannot be read.
    readable: Option<Readable>,
}

struct Readable {
    state: DispatchState,
    /// Taken by the attempt that starts.
    event: Option<Event>,
}

/// Begins the dispatches of all calls; gives the answers to each.
pub(crate) async fn run(session: &mut Session<'_>, calls: &[&Begin]) -> sqlx::Result<Vec<Vec<Begun>>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let mut beginning = Facts::read(session, calls).await?;
    let answers: Vec<_> = calls.iter().map(|call| beginning.begin_all(call)).collect();
    beginning.store(session).await?;
    Ok(answers)
}

/// All that is known, and how it changes as one dispatch after the other begins.
struct Facts {
    dispatches: HashMap<DispatchId, Found>,
    integrations: HashMap<i64, Living>,
    lanes: LaneTable,
    ledgers: LedgerTable,
    changes: Changes,
    /// Those that cannot be begun since something of them cannot be read.
    aside: Vec<i64>,
    now: Timestamp,
}

impl Facts {
    async fn read(session: &mut Session<'_>, calls: &[&Begin]) -> sqlx::Result<Self> {
        let mut ids: Vec<_> = calls.iter().flat_map(|call| call.dispatches.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = session.read(FACTS, ids.into_iter().map(|id| [id.into()])).await?;
        let mut dispatches = HashMap::with_capacity(rows.len());
        for row in &rows {
            match found(row) {
                Ok((id, found)) => drop(dispatches.insert(id, found)),
                Err(error) => tracing::error!(%error, "a dispatch is passed over"),
            }
        }
        let mut wanted: Vec<_> = dispatches.values().map(|found: &Found| found.integration).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let Reading { living: integrations, any_lanes } = integrations::living(session, wanted).await?;
        let readable = integrations.values().filter_map(Living::readable).filter(|_| any_lanes);
        let lanes = LaneTable::read(session, readable).await?;
        let ledgers = LedgerTable::read(session, &candidates(&dispatches, calls)).await?;
        let now = calls.iter().map(|call| call.now).max().unwrap_or_default();
        Ok(Self { dispatches, integrations, lanes, ledgers, changes: Changes::default(), aside: Vec::new(), now })
    }

    fn begin_all(&mut self, call: &Begin) -> Vec<Begun> {
        call.dispatches.iter().map(|id| self.begin(*id, call).unwrap_or(Begun::Nothing)).collect()
    }

    /// None if there is nothing to do for it.
    fn begin(&mut self, id: DispatchId, call: &Begin) -> Option<Begun> {
        let Self { dispatches, integrations, lanes, ledgers, changes, aside, .. } = self;
        let Found { sequence, organization, integration, readable } = dispatches.get_mut(&id)?;
        let living = integrations.get(integration);
        let (Some(found), false) = (readable.as_mut(), matches!(living, Some(Living::Unreadable))) else {
            if readable.as_ref().is_none_or(|found| found.state.status.is_waiting()) {
                tracing::error!(dispatch = %id, "it or its integration cannot be read; it is left alone for an hour");
                aside.push(*sequence);
            }
            return None;
        };
        let integration = living.and_then(Living::readable);
        let Begin { policy, now, .. } = call;
        let beginning = policy.begin(BeginFacts {
            now: *now,
            state: &found.state,
            integration,
            lanes: integration.map(|integration| lanes.of(integration)).unwrap_or_default(),
            ledger: ledgers.facts(*sequence, *organization, policy),
        });
        let (state, opens_window, counted) = match beginning {
            Beginning::NotNow(until) => return until.map(Begun::Waiting),
            Beginning::Write { state, opens_window, lanes } => (*state, opens_window, lanes),
        };
        if opens_window {
            ledgers.open(*organization, *now);
        }
        ledgers.hold(*sequence, *organization, is_limited(&found.state), is_limited(&state));
        if let (Some(counted), Some(integration)) = (counted, integration) {
            lanes.set(integration, *organization, counted);
        }
        let starts = state.status == DispatchStatus::Delivering;
        let before = std::mem::replace(&mut found.state, state.clone());
        let begun = if starts {
            Begun::Started(Box::new(StartedAttempt {
                dispatch: id,
                generation: state.generation,
                number: state.attempt_count,
                event: found.event.take()?,
                integration: integration?.clone(),
            }))
        } else {
            state.due_at.map_or(Begun::Nothing, Begun::Waiting)
        };
        changes.add(*sequence, *organization, before, state, starts.then_some(*now));
        Some(begun)
    }

    async fn store(self, session: &mut Session<'_>) -> sqlx::Result<()> {
        self.changes.store(session);
        self.lanes.store(session);
        self.ledgers.store(session);
        aside::put(session, Aside::Waiting, &self.aside, self.now).await
    }
}

/// Those that may open a window under a daily limit.
fn candidates(dispatches: &HashMap<DispatchId, Found>, calls: &[&Begin]) -> Vec<Candidate> {
    let limited = calls.iter().filter(|call| call.policy.daily_limit > 0);
    let wanted = limited.flat_map(|call| call.dispatches.iter().map(|id| (*id, call.policy.daily_limit)));
    let candidates = wanted.filter_map(|(id, daily_limit)| {
        let Found { sequence, organization, readable, .. } = dispatches.get(&id)?;
        let state = &readable.as_ref().filter(|found| found.state.window_ends_at.is_none())?.state;
        let held = is_limited(state);
        Some(Candidate { sequence: *sequence, organization: *organization, daily_limit, held })
    });
    candidates.collect()
}

fn is_limited(state: &DispatchState) -> bool {
    state.reason == Some(Reason::Hold(HoldReason::DailyLimit))
}

/// An error if not even the row's place can be read.
fn found(row: &SqliteRow) -> Result<(DispatchId, Found), Unreadable> {
    let mut columns = Columns::of(row);
    let id = DispatchId::from_bytes(columns.bytes()?);
    let found = Found {
        sequence: columns.next()?,
        organization: columns.next()?,
        integration: columns.next()?,
        readable: readable(&mut columns).inspect_err(|error| tracing::error!(dispatch = %id, %error)).ok(),
    };
    Ok((id, found))
}

fn readable(columns: &mut Columns<'_>) -> Result<Readable, Unreadable> {
    let organization = OrganizationId::from_bytes(columns.bytes()?);
    let event = Event {
        id: EventId::from_bytes(columns.bytes()?),
        organization,
        address_id: AddressId::from_bytes(columns.bytes()?),
        address: columns.next()?,
        occurred_at: columns.time()?,
        received_at: columns.time()?,
        payload: columns.json()?,
    };
    Ok(Readable { event: Some(event), state: states::state(columns)? })
}
