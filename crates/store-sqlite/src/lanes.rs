//! The lanes that matter to a commit: read if there are any, changed in memory, written once.

use foldhash::{HashMap, HashMapExt as _};
use integrations_core::{
    Integration, LaneKey, Reach,
    rules::{LaneState, LaneStates},
};
use sqlx::sqlite::SqliteRow;

use crate::{
    columns::{Columns, Unreadable},
    session::{Bulk, Session},
};

pub(crate) const FIND: Bulk<1> =
    Bulk("SELECT l.key, l.parked_until, l.steady_at FROM ({rows}) CROSS JOIN lanes l ON l.key = column1");

pub(crate) const STORE: Bulk<4> = Bulk(
    "INSERT INTO lanes (key, organization, parked_until, steady_at) \
     SELECT * FROM ({rows}) WHERE column1 IS NOT NULL \
     ON CONFLICT (key) DO UPDATE SET parked_until = excluded.parked_until, steady_at = excluded.steady_at",
);

/// The lanes of some integrations. One that is not there is free.
#[derive(Debug, Default)]
pub(crate) struct LaneTable {
    lanes: HashMap<LaneKey, LaneState>,
    /// The changed ones, with the organization whose they are; none for those of providers.
    changed: HashMap<LaneKey, Option<i64>>,
}

impl LaneTable {
    /// Reads the lanes of these integrations.
    pub(crate) async fn read<'i>(
        session: &mut Session<'_>,
        integrations: impl Iterator<Item = &'i Integration>,
    ) -> sqlx::Result<Self> {
        let reaches = [Reach::Destination, Reach::Credential, Reach::Provider];
        let keys = integrations.flat_map(|integration| reaches.map(|reach| integration.lane_key(reach)));
        let mut keys: Vec<_> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = session.read(FIND, keys.iter().map(|key| [key.as_str().to_owned().into()])).await?;
        let mut lanes = HashMap::with_capacity(rows.len());
        for row in &rows {
            match read(row) {
                Ok((key, lane)) => drop(lanes.insert(key, lane)),
                Err(error) => tracing::error!(%error, "a lane is passed over"),
            }
        }
        Ok(Self { lanes, changed: HashMap::new() })
    }

    /// The lanes that dispatches of this integration go through.
    pub(crate) fn of(&self, integration: &Integration) -> LaneStates {
        if self.lanes.is_empty() {
            return LaneStates::default();
        }
        let lane = |reach| self.lanes.get(&integration.lane_key(reach)).copied().unwrap_or_default();
        LaneStates {
            destination: lane(Reach::Destination),
            credential: lane(Reach::Credential),
            provider: lane(Reach::Provider),
        }
    }

    /// Takes over what a rule counted.
    pub(crate) fn set(&mut self, integration: &Integration, organization: i64, lanes: LaneStates) {
        *self.change(integration, organization, Reach::Destination) = lanes.destination;
        *self.change(integration, organization, Reach::Credential) = lanes.credential;
    }

    /// The lane of that reach, to be changed.
    pub(crate) fn change(&mut self, integration: &Integration, organization: i64, reach: Reach) -> &mut LaneState {
        let key = integration.lane_key(reach);
        let owner = (reach != Reach::Provider).then_some(organization);
        self.changed.insert(key.clone(), owner);
        self.lanes.entry(key).or_default()
    }

    /// Gives whether there was anything to store.
    pub(crate) fn store(self, session: &mut Session<'_>) -> bool {
        let Self { mut lanes, changed } = self;
        let any = !changed.is_empty();
        let values = changed.into_iter().map(|(key, organization)| {
            let LaneState { parked_until, steady_at } = lanes.remove(&key).unwrap_or_default();
            [key.as_str().to_owned().into(), organization.into(), parked_until.into(), steady_at.into()]
        });
        session.write(STORE, values);
        any
    }
}

fn read(row: &SqliteRow) -> Result<(LaneKey, LaneState), Unreadable> {
    let mut columns = Columns::of(row);
    let key = LaneKey::from_stored(columns.next()?);
    Ok((key, LaneState { parked_until: columns.optional_time()?, steady_at: columns.optional_time()? }))
}
