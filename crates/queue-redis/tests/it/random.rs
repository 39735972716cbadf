//! Random commands to Redis and to the reference in memory give the same entries in the same order in each lane.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use integrations_core::{
    Clock as _, DispatchQueue, Finished, QueueEntry, Reservation, Shares, later, memory::MemoryQueue,
};
use integrations_testkit::{clock::ManualClock, suite::block_on};
use jiff::Timestamp;
use proptest::{collection::vec, option, prelude::*};
use queue_redis::{RedisConfig, RedisQueue};

use crate::{
    redis_server::shared,
    world::{Entries, config, fresh_name, key, pass},
};

const MINUTE: Duration = Duration::from_secs(60);
const LEASE: Duration = Duration::from_secs(120);
const ENTRIES: usize = 12;

/// Times are in minutes from now, so that the moments which the test itself takes make no difference.
#[derive(Debug, Clone)]
enum Command {
    Push(Vec<(usize, i64)>),
    Reserve,
    Finish(Vec<(usize, Option<i64>)>),
    Pass(u32),
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let (entry, minutes) = (0..ENTRIES, -5..=5_i64);
    let command = prop_oneof![
        3 => vec((entry.clone(), minutes.clone()), 1..6).prop_map(Command::Push),
        3 => Just(Command::Reserve),
        2 => vec((entry, option::of(minutes)), 1..4).prop_map(Command::Finish),
        1 => (1..4_u32).prop_map(Command::Pass),
    ];
    vec(command, 1..40)
}

/// Whose turn it is may differ, so no reservation is cut short where that would choose between lanes: either lanes
/// have shares, or organizations with a single lane have.
#[derive(Debug, Clone, Copy)]
struct Layout {
    shares: Shares,
    lanes: usize,
}

const LAYOUTS: [Layout; 2] = [
    Layout { shares: Shares { lane: 2, organization: 100 }, lanes: 2 },
    Layout { shares: Shares { lane: 100, organization: 2 }, lanes: 1 },
];

struct Pair {
    name: String,
    clock: Arc<ManualClock>,
    redis: RedisQueue,
    memory: MemoryQueue,
    entries: Vec<QueueEntry>,
}

impl Pair {
    async fn new(layout: Layout) -> Self {
        let (name, clock) = (fresh_name(), Arc::new(ManualClock::default()));
        let Layout { shares, lanes } = layout;
        let config = RedisConfig { shares, lease: LEASE, clock: clock.clone(), ..config(shared(), &name) };
        let redis = RedisQueue::connect(config).await.unwrap();
        let memory = MemoryQueue::new(clock.clone(), shares, LEASE);
        let mut new = Entries::at(clock.clone());
        let organizations = [new.organization(), new.organization()];
        let entries = (0..ENTRIES).map(|n| new.due(organizations[n % 2], &((n / 2) % lanes).to_string())).collect();
        Self { name, clock, redis, memory, entries }
    }

    fn in_minutes(&self, minutes: i64) -> Timestamp {
        Timestamp::from_millisecond(self.clock.now().as_millisecond() + minutes * 60_000).unwrap()
    }

    async fn run(&self, command: Command) -> Result<(), TestCaseError> {
        match command {
            Command::Push(pushed) => {
                let pushed: Vec<_> = pushed
                    .into_iter()
                    .map(|(entry, due)| QueueEntry { due: self.in_minutes(due), ..self.entries[entry].clone() })
                    .collect();
                self.redis.push(&pushed).await.unwrap();
                self.memory.push(&pushed).await.unwrap();
            }
            Command::Reserve => {
                let redis = self.redis.reserve(1_000).await.unwrap();
                let memory = self.memory.reserve(1_000).await.unwrap();
                prop_assert_eq!(by_lane(&redis), by_lane(&memory));
                prop_assert_eq!(minute(redis.next_due), minute(memory.next_due));
            }
            Command::Finish(finished) => {
                let finished: Vec<_> = finished
                    .into_iter()
                    .map(|(entry, again)| Finished {
                        dispatch: self.entries[entry].dispatch,
                        again_at: again.map(|minutes| self.in_minutes(minutes)),
                    })
                    .collect();
                self.redis.finish(&finished).await.unwrap();
                self.memory.finish(&finished).await.unwrap();
            }
            Command::Pass(minutes) => {
                self.clock.advance(MINUTE * minutes);
                pass(shared(), &self.name, MINUTE * minutes);
            }
        }
        Ok(())
    }

    /// Every entry is in one place, and nothing is anywhere else.
    fn assert_whole(&self) {
        let size = |part: &str| shared().ask::<usize>(&["ZCARD", &key(&self.name, part)]);
        let entries: usize = shared().ask(&["HLEN", &key(&self.name, "entries")]);
        assert_eq!(size("scheduled") + size("ready") + size("reserved"), entries);
        let members = |part: &str| shared().ask::<BTreeSet<String>>(&["ZRANGE", &key(&self.name, part), "0", "-1"]);
        assert_eq!(members("leases"), members("reserved"));
        if size("ready") == 0 {
            let turns: Vec<String> = shared().ask(&["HKEYS", &key(&self.name, "turns")]);
            assert!(turns.iter().all(|turn| turn == "last"), "{turns:?}");
        }
    }
}

fn by_lane(reservation: &Reservation) -> BTreeMap<&str, Vec<&QueueEntry>> {
    let mut lanes = BTreeMap::<_, Vec<_>>::new();
    for entry in &reservation.entries {
        lanes.entry(entry.lane.as_str()).or_default().push(entry);
    }
    lanes
}

/// The nearest whole one.
fn minute(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| later(at, MINUTE / 2).as_millisecond() / 60_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redis_does_what_the_reference_does(layout in prop::sample::select(&LAYOUTS[..]), commands in commands()) {
        block_on(async {
            let pair = Pair::new(layout).await;
            for command in commands {
                pair.run(command).await?;
                pair.assert_whole();
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}
