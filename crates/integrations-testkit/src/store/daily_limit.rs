//! The daily limit: exact over every 24 hours, in order of arrival, and booked by nobody who does not use it.

use std::time::Duration;

use integrations_core::{
    DispatchId, DispatchStatus, FailureKind, HoldReason, Integration, Rate, Reason, later,
    rules::DAY,
    store::{Begun, Held, Settled},
};

use super::{StoreHarness, scene};
use crate::{builders, scene::Scene, suite::suite};

const HOUR: u64 = 3_600;

fn limited(harness: &impl StoreHarness, limit: u32) -> Scene {
    let mut scene = scene(harness);
    scene.policy.daily_limit = limit;
    scene
}

/// Those that start when all of them are tried in one call.
async fn started(scene: &Scene, ids: &[DispatchId]) -> Vec<DispatchId> {
    let begun = scene.begin_all(ids).await;
    let starts = |begun: &Begun| matches!(begun, Begun::Started(_));
    ids.iter().zip(begun).filter(|(_, begun)| starts(begun)).map(|(id, _)| *id).collect()
}

suite! { $
    store_daily_limit in store::daily_limit for StoreHarness {
        /// Of many that come at once exactly as many go as may, the first ones; the others say why they wait.
        async fn the_limit_is_exact_in_one_call(harness) {
            let scene = limited(harness, 20);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 50).await;
            assert_eq!(started(&scene, &ids).await, ids[..20]);
            let state = scene.read(&route, ids[20]).await.state;
            assert_eq!(state.status, DispatchStatus::Pending);
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::DailyLimit)));
            assert_eq!((state.attempt_count, state.held_since), (0, Some(scene.now())));
            assert_eq!(state.next_attempt_at(), Some(later(scene.now(), DAY)));
        }

        /// A place is free when the window that took it is a day old, and not a moment before.
        async fn a_place_is_free_after_a_day(harness) {
            let scene = limited(harness, 3);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 6).await;
            let mut opened = Vec::new();
            for id in &ids[..3] {
                opened.push(scene.now());
                scene.start(*id).await;
                scene.pass(HOUR);
            }
            for (id, opened) in ids[3..].iter().zip(&opened) {
                assert_eq!(scene.wait(*id).await, later(*opened, DAY));
            }
            for (id, opened) in ids[3..].iter().zip(&opened) {
                let free = later(*opened, DAY);
                scene.go_to(later(*opened, DAY - Duration::from_millis(1)));
                assert_eq!(scene.wait(*id).await, free);
                scene.go_to(free);
                scene.start(*id).await;
            }
            let next = scene.dispatch(&route.address).await;
            assert_eq!(scene.wait(next).await, later(opened[0], DAY * 2));
        }

        /// Who came first goes first, even if somebody who came later asks at the right moment.
        async fn arrival_decides(harness) {
            let scene = limited(harness, 2);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 6).await;
            assert_eq!(started(&scene, &ids).await, ids[..2]);
            scene.samples.clock.advance(DAY);
            let newcomer = scene.dispatch(&route.address).await;
            let backwards = [newcomer, ids[5], ids[4], ids[3], ids[2]];
            assert_eq!(started(&scene, &backwards).await, [ids[3], ids[2]]);
            for id in [newcomer, ids[5], ids[4]] {
                let due = scene.read(&route, id).await.state.due_at.unwrap();
                assert!(due > scene.now() && due <= later(scene.now(), DAY));
            }
            scene.samples.clock.advance(DAY);
            assert_eq!(started(&scene, &[ids[4], ids[5], newcomer]).await, ids[4..]);
        }

        /// Retries belong to the window that is open; a replay opens another.
        async fn windows_count_and_not_attempts(harness) {
            let scene = limited(harness, 2);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            for _ in 0..4 {
                let error = builders::failure(FailureKind::Unavailable);
                let Settled::Waiting(due) = scene.fail(id, error).await else { panic!("does not wait") };
                scene.go_to(due);
            }
            scene.reject(id).await;
            scene.store.replay(route.organization, id, scene.now()).await.unwrap();
            scene.reject(id).await;
            scene.store.replay(route.organization, id, scene.now()).await.unwrap();
            scene.wait(id).await;
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::DailyLimit)));
        }

        /// Deleting and making an integration again must not be a way around the limit.
        async fn the_ledger_outlives_integrations(harness) {
            let scene = limited(harness, 2);
            let route = scene.route().await;
            for id in scene.dispatches(&route.address, 2).await {
                scene.deliver(id).await;
            }
            scene.store.delete_integration(route.organization, route.integration.id, scene.now()).await.unwrap();
            scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap();
            let fresh = scene.route_in(route.organization).await;
            let id = scene.dispatch(&fresh.address).await;
            assert_eq!(scene.wait(id).await, later(scene.now(), DAY));
        }

        /// One organization's mail uses up nobody else's day.
        async fn organizations_have_their_own_ledger(harness) {
            let scene = limited(harness, 1);
            let (one, two) = (scene.route().await, scene.route().await);
            let ids = [
                scene.dispatch(&one.address).await,
                scene.dispatch(&one.address).await,
                scene.dispatch(&two.address).await,
                scene.dispatch(&two.address).await,
            ];
            assert_eq!(started(&scene, &ids).await, [ids[0], ids[2]]);
        }

        /// Zero is no limit.
        async fn zero_is_no_limit(harness) {
            let scene = limited(harness, 0);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 150).await;
            assert_eq!(started(&scene, &ids).await, ids);
        }

        /// Who gives up waiting leaves no hole for the others to wait for.
        async fn those_who_give_up_leave_no_hole(harness) {
            let scene = limited(harness, 1);
            let route = scene.route().await;
            let other = scene.route_in(route.organization).await;
            let first = scene.dispatch(&route.address).await;
            scene.start(first).await;
            let waiting = scene.dispatches(&other.address, 30).await;
            let last = scene.dispatch(&route.address).await;
            for id in waiting.iter().chain([&last]) {
                scene.wait(*id).await;
            }
            for id in &waiting[..10] {
                scene.store.cancel(route.organization, *id).await.unwrap();
            }
            scene.store.delete_integration(route.organization, other.integration.id, scene.now()).await.unwrap();
            let due = scene.read(&route, last).await.state.due_at.unwrap();
            assert!(due <= later(scene.now(), DAY));
            scene.go_to(due);
            scene.start(last).await;
        }

        /// A flood that the limit cannot take ends as held too long; what comes after it goes out as ever.
        async fn a_flood_passes(harness) {
            let mut scene = limited(harness, 2);
            scene.policy.max_hold = DAY * 3;
            let route = scene.route().await;
            let flood = scene.dispatches(&route.address, 40).await;
            let mut sent = started(&scene, &flood).await.len();
            while let Some(next) = scene.store.due(scene.in_seconds(10 * 86_400), None, 1).await.unwrap().pop() {
                scene.go_to(next.due.max(scene.now()));
                sent += started(&scene, &[next.dispatch]).await.len();
            }
            assert_eq!(sent, 2 * 3);
            scene.pass(86_400);
            let after = scene.dispatches(&route.address, 2).await;
            assert_eq!(started(&scene, &after).await, after);
        }

        /// Pruning forgets what is a day old, and nothing that still counts.
        async fn pruning_keeps_what_counts(harness) {
            let scene = limited(harness, 2);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 6).await;
            assert_eq!(started(&scene, &ids[..2]).await, ids[..2]);
            scene.samples.clock.advance(DAY - Duration::from_millis(1));
            scene.store.prune(scene.now()).await.unwrap();
            assert_eq!(scene.wait(ids[2]).await, later(scene.now(), Duration::from_millis(1)));
            scene.samples.clock.advance(DAY * 3);
            scene.store.prune(scene.now()).await.unwrap();
            scene.store.prune(scene.now()).await.unwrap();
            assert_eq!(started(&scene, &ids[2..]).await, ids[2..4]);
            assert_eq!(scene.wait(ids[4]).await, later(scene.now(), DAY));
        }

        /// After the limit was raised those that wait may go; how long they have waited is not forgotten.
        async fn a_raised_limit_releases(harness) {
            let mut scene = limited(harness, 1);
            let route = scene.route().await;
            let ids = scene.dispatches(&route.address, 6).await;
            assert_eq!(started(&scene, &ids).await, ids[..1]);
            let held_since = scene.now();
            scene.pass(HOUR);
            scene.policy.daily_limit = 4;
            let mut released = Vec::new();
            for expected in [2, 2, 1, 0] {
                let piece = scene.store.release(Held::ByDailyLimit, scene.now(), 2).await.unwrap();
                assert_eq!(piece.len(), expected);
                assert!(piece.iter().all(|entry| entry.due == scene.now()));
                released.extend(piece.into_iter().map(|entry| entry.dispatch));
            }
            assert_eq!(released, ids[1..]);
            assert_eq!(started(&scene, &released).await, ids[1..4]);
            let state = scene.read(&route, ids[4]).await.state;
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::DailyLimit)));
            assert_eq!((state.held_since, state.due_at), (Some(held_since), Some(later(held_since, DAY))));
        }

        /// The limit and a rate together: a turn at the destination is waited for before the window opens.
        async fn a_window_opens_with_its_attempt(harness) {
            let scene = limited(harness, 2);
            let route = scene.paced_route(Rate::new(1_000, 1)).await;
            let unpaced: Integration = scene.integration(route.organization).await;
            let quick = scene.address(route.organization, &[unpaced.id]).await;
            let ids = scene.dispatches(&route.address, 2).await;
            assert_eq!(started(&scene, &ids).await, ids[..1]);
            let state = scene.read(&route, ids[1]).await.state;
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::Pacing)));
            let other = scene.dispatch(&quick).await;
            scene.start(other).await;
            scene.pass(1);
            assert_eq!(scene.wait(ids[1]).await, later(scene.now(), DAY - Duration::from_secs(1)));
            let state = scene.read(&route, ids[1]).await.state;
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::DailyLimit)));
        }
    }
}
