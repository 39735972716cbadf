//! Random commands, given to the store and to the one in memory: both answer the same.

mod both;
mod world;

use integrations_core::memory::MemoryStore;
use integrations_testkit::suite::block_on;
use proptest::{collection::vec, option, prelude::*, sample::Index};
use store_sqlite::OpenOptions;

use self::world::World;
use crate::support::{Place, number};

/// What is done. Indexes choose among what there is by then; nothing happens if there is nothing.
#[derive(Debug, Clone)]
enum Command {
    Organize,
    Connect { organization: Index, paced: bool, limit: u32 },
    SetStatus { integration: Index, status: Index },
    Imitate { integration: Index, like: Index },
    Disconnect(Index),
    Open { organization: Index, integrations: Vec<bool> },
    Subscribe { address: Index, integrations: Vec<bool> },
    Close(Index),
    Record { addresses: Vec<(Index, bool)>, key: Option<(bool, u8)>, max_waiting: u64, slots: Option<usize> },
    Begin(Vec<Index>),
    Settle(Vec<(Index, Option<Index>)>),
    Interrupt { all: bool, limit: u32 },
    Release { daily: bool, limit: u32 },
    Cancel(Index),
    Replay(Index),
    Pass(u32),
    Prune,
    Due { limit: u32 },
    List { organization: Index, integration: Option<Index>, address: Option<Index>, status: Option<Index>, limit: u32 },
    Erase(Index),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![10 => making(), 40 => working(), 25 => looking()]
}

fn one() -> impl Strategy<Value = Index> {
    any::<Index>()
}

fn flag() -> impl Strategy<Value = bool> {
    any::<bool>()
}

fn making() -> impl Strategy<Value = Command> {
    use Command as C;
    let some = || vec(flag(), 4);
    prop_oneof![
        2 => Just(C::Organize),
        4 => (one(), flag(), 0..4u32)
            .prop_map(|(organization, paced, limit)| C::Connect { organization, paced, limit }),
        3 => (one(), one()).prop_map(|(integration, status)| C::SetStatus { integration, status }),
        1 => (one(), one()).prop_map(|(integration, like)| C::Imitate { integration, like }),
        1 => one().prop_map(C::Disconnect),
        4 => (one(), some()).prop_map(|(organization, integrations)| C::Open { organization, integrations }),
        2 => (one(), some()).prop_map(|(address, integrations)| C::Subscribe { address, integrations }),
        1 => one().prop_map(C::Close),
        1 => one().prop_map(C::Erase),
    ]
}

fn working() -> impl Strategy<Value = Command> {
    use Command as C;
    let max_waiting = || prop_oneof![Just(0), 1..6u64];
    prop_oneof![
        5 => (vec((one(), flag()), 1..4), option::of((flag(), 0..3u8)), max_waiting(), option::of(0..4usize))
            .prop_map(|(addresses, key, max_waiting, slots)| C::Record { addresses, key, max_waiting, slots }),
        5 => vec(one(), 1..6).prop_map(C::Begin),
        5 => vec((one(), option::weighted(0.6, one())), 1..5).prop_map(C::Settle),
        1 => (flag(), 1..4u32).prop_map(|(all, limit)| C::Interrupt { all, limit }),
        1 => (flag(), 1..4u32).prop_map(|(daily, limit)| C::Release { daily, limit }),
    ]
}

fn looking() -> impl Strategy<Value = Command> {
    use Command as C;
    let maybe = || option::of(one());
    prop_oneof![
        1 => one().prop_map(C::Cancel),
        2 => one().prop_map(C::Replay),
        6 => prop_oneof![1..120u32, 3_600..100_000u32].prop_map(C::Pass),
        1 => Just(C::Prune),
        2 => (1..5u32).prop_map(|limit| C::Due { limit }),
        6 => (one(), maybe(), maybe(), maybe(), 1..5u32).prop_map(
            |(organization, integration, address, status, limit)| {
                C::List { organization, integration, address, status, limit }
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_the_same(commands in vec(command(), 20..120)) {
        block_on(compare(&commands));
    }
}

async fn compare(commands: &[Command]) {
    let (place, memory) = (Place::new(), MemoryStore::new());
    let store = place.open_with(OpenOptions::default().exclusive(true)).await;
    let mut world = World::with([&store, &memory]).await;
    for command in commands {
        world.run([&store, &memory], command).await;
    }
    world.read_everything([&store, &memory]).await;
    store.close().await;

    let mut connection = place.connect().await;
    let miscounted = "SELECT count(*) FROM organizations o WHERE waiting <> \
                      (SELECT count(*) FROM dispatches d WHERE d.organization = o.sequence AND d.due_at IS NOT NULL)";
    assert_eq!(number(&mut connection, miscounted).await, 0);
    assert_eq!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap().len(), 0);
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(sound, "ok");
}
