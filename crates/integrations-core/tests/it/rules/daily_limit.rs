//! The daily limit, over a whole history of arrivals, worked off by the store in memory.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use integrations_core::{
    DispatchId, later,
    memory::MemoryStore,
    rules::DAY,
    store::{Begun, Recorded},
};
use integrations_testkit::{scene::Scene, suite::block_on};
use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};

/// One dispatch: how long after the one before it came, and whether its owner cancels it if it has to wait.
type Arrival = (u64, bool);

/// Arrivals in seconds: floods, trickles and silent days.
fn arrivals(canceled: impl Strategy<Value = bool> + Clone) -> impl Strategy<Value = Vec<Arrival>> {
    let gap = prop_oneof![3 => Just(0), 3 => 0..600_u64, 2 => 0..40_000_u64, 1 => 0..200_000_u64];
    vec((gap, canceled), 1..60)
}

/// When each of them arrived, and when its window opened; none if it was canceled.
async fn play(limit: u32, arrivals: &[Arrival]) -> Vec<(Timestamp, Option<Timestamp>)> {
    let mut scene = Scene::new(Arc::new(MemoryStore::new()));
    scene.policy.daily_limit = limit;
    scene.policy.max_hold = DAY * 100;
    let route = scene.route().await;
    let mut opened = BTreeMap::<DispatchId, Timestamp>::new();
    let mut arrived = Vec::new();
    for (gap, canceled) in arrivals {
        let arrival = later(scene.now(), Duration::from_secs(*gap));
        work(&scene, arrival, &mut opened).await;
        scene.go_to(arrival);
        let event = scene.samples.event(&route.address);
        let Recorded::Accepted { entries, .. } = scene.record(&event).await else { panic!("not accepted") };
        let id = entries[0].dispatch;
        arrived.push((id, arrival));
        work(&scene, arrival, &mut opened).await;
        if *canceled {
            scene.store.cancel(route.organization, id).await.unwrap();
        }
    }
    work(&scene, later(scene.now(), DAY * 90), &mut opened).await;
    arrived.into_iter().map(|(id, arrival)| (arrival, opened.get(&id).copied())).collect()
}

/// Begins everything that is due up to then, each at its time.
async fn work(scene: &Scene, until: Timestamp, opened: &mut BTreeMap<DispatchId, Timestamp>) {
    while let Some(next) = scene.store.due(until, None, 1).await.unwrap().pop() {
        scene.go_to(next.due.max(scene.now()));
        if let Begun::Started(attempt) = scene.begin(next.dispatch).await {
            opened.insert(attempt.dispatch, scene.now());
        }
    }
}

/// The earliest that each may open if all that came before it open as early as they may.
fn ideal(limit: u32, arrivals: impl Iterator<Item = Timestamp>) -> Vec<Timestamp> {
    let limit = usize::try_from(limit).unwrap();
    let mut opened: Vec<Timestamp> = Vec::new();
    for arrival in arrivals {
        let free = opened.len().checked_sub(limit).map_or(arrival, |before| later(opened[before], DAY));
        opened.push(arrival.max(free));
    }
    opened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// In order of arrival, each at the first moment at which the limit allows it: none too early, none too late.
    #[test]
    fn windows_open_as_early_as_they_may(limit in 1..6_u32, arrivals in arrivals(Just(false))) {
        let history = block_on(play(limit, &arrivals));
        let expected = ideal(limit, history.iter().map(|(arrival, _)| *arrival));
        let opened: Vec<_> = history.into_iter().map(|(_, opened)| opened.unwrap()).collect();
        prop_assert_eq!(opened, expected);
    }

    /// Whoever gives up, the limit holds in every 24 hours, and nobody goes later than if all had stayed.
    #[test]
    fn the_limit_holds_whoever_gives_up(limit in 1..6_u32, arrivals in arrivals(any::<bool>())) {
        let history = block_on(play(limit, &arrivals));
        let mut opened: Vec<_> = history.iter().filter_map(|(_, opened)| *opened).collect();
        opened.sort_unstable();
        for (first, beyond) in opened.iter().zip(opened.iter().skip(limit as usize)) {
            prop_assert!(later(*first, DAY) <= *beyond);
        }
        let all_stay = ideal(limit, history.iter().map(|(arrival, _)| *arrival));
        for (((_, canceled), (_, opened)), latest) in arrivals.iter().zip(&history).zip(all_stay) {
            prop_assert!(*canceled || opened.is_some_and(|opened| opened <= latest));
        }
    }
}
