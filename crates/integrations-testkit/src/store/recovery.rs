//! Finding work again: abandoned attempts, what is due, and what may be forgotten.

use std::time::Duration;

use integrations_core::{
    AttemptOutcome, CancelReason, DispatchId, DispatchStatus, FailReason, FailureKind, QueueEntry, Reach, Reason,
    store::{Abandoned, Settled},
};

use super::{StoreHarness, scene};
use crate::{builders::failure, scene::Scene, suite::suite};

fn ids(entries: &[QueueEntry]) -> Vec<DispatchId> {
    entries.iter().map(|entry| entry.dispatch).collect()
}

async fn interrupt(scene: &Scene, which: Abandoned, limit: u32) -> Vec<QueueEntry> {
    scene.store.interrupt(which, &scene.policy, scene.now(), limit).await.unwrap()
}

suite! { $
    store_recovery in store::recovery for StoreHarness {
        /// After a crash each open attempt is closed as what it is, and its dispatch is due at once.
        async fn open_attempts_are_closed_after_a_crash(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (open, waiting) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let delivered = scene.dispatch(&route.address).await;
            scene.deliver(delivered).await;
            scene.start(open).await;
            scene.pass(1);
            let due = interrupt(&scene, Abandoned::All, 10).await;
            assert_eq!(ids(&due), [open]);
            assert_eq!((due[0].due, due[0].organization), (scene.now(), route.organization));
            assert_eq!(due[0].lane, route.integration.lane_key(Reach::Destination));
            assert_eq!(interrupt(&scene, Abandoned::All, 10).await, []);

            let state = scene.read(&route, open).await.state;
            assert_eq!((state.status, state.reason), (DispatchStatus::RetryScheduled, None));
            assert_eq!((state.due_at, state.lease_until), (Some(scene.now()), None));
            assert_eq!((state.last_outcome, state.step), (Some(AttemptOutcome::Interrupted), 1));
            let log = scene.attempts(route.organization, open).await;
            assert_eq!((log[0].ended_at, log[0].outcome), (Some(scene.now()), Some(AttemptOutcome::Interrupted)));
            assert_eq!(log[0].error, state.last_error);
            assert!(log[0].error.is_some());
            assert_eq!(scene.read(&route, waiting).await.state.status, DispatchStatus::Pending);
            assert_eq!(scene.start(open).await.number, 2);
        }

        /// A message that ends the process is tried less and less often, and not beyond its window; one crash, or one
        /// in a fresh window, costs it nothing.
        async fn what_is_interrupted_again_and_again_waits(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let crash = async || {
                scene.start(id).await;
                interrupt(&scene, Abandoned::All, 10).await.into_iter().map(|entry| entry.due).collect::<Vec<_>>()
            };
            for wait in [0, 60, 120, 240] {
                let due = scene.in_seconds(wait);
                assert_eq!(crash().await, [due]);
                assert_eq!(scene.read(&route, id).await.state.due_at, Some(due));
                scene.go_to(due);
            }
            let window_ends_at = scene.read(&route, id).await.state.window_ends_at.unwrap();
            scene.go_to(window_ends_at);
            assert_eq!(crash().await, []);
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.reason, Some(Reason::Fail(FailReason::RetryWindowExceeded)));
            assert_eq!(scene.attempts(route.organization, id).await.len(), 5);

            scene.store.replay(route.organization, id, scene.now()).await.unwrap();
            assert_eq!(crash().await, [scene.now()]);
            let settled = scene.fail(id, failure(FailureKind::Unavailable)).await;
            assert_eq!(settled, Settled::Waiting(scene.in_seconds(60)));
            scene.pass(60);
            assert_eq!(crash().await, [scene.now()]);
        }

        /// A worker that lives keeps what it has; one whose lease is over does not.
        async fn only_ended_leases_are_taken(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (old, young) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            scene.start(old).await;
            scene.pass(1);
            scene.start(young).await;
            let lease_ends = scene.read(&route, old).await.state.lease_until.unwrap();
            scene.go_to(lease_ends - Duration::from_millis(1));
            assert_eq!(interrupt(&scene, Abandoned::LeaseEnded, 10).await, []);
            scene.go_to(lease_ends);
            assert_eq!(ids(&interrupt(&scene, Abandoned::LeaseEnded, 10).await), [old]);
            assert_eq!(scene.read(&route, young).await.state.status, DispatchStatus::Delivering);
        }

        /// In pieces, until none is left.
        async fn interrupting_comes_in_pieces(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let all = scene.dispatches(&route.address, 5).await;
            scene.begin_all(&all).await;
            let mut found = Vec::new();
            for expected in [2, 2, 1, 0] {
                let piece = interrupt(&scene, Abandoned::All, 2).await;
                assert_eq!(piece.len(), expected);
                found.extend(ids(&piece));
            }
            found.sort_unstable();
            let mut all = all;
            all.sort_unstable();
            assert_eq!(found, all);
        }

        /// What nobody waits for any more is closed and canceled, and does not make a piece look like the last one.
        async fn abandoned_attempts_of_deleted_things_are_canceled(harness) {
            let scene = scene(harness);
            let (deleted, lives) = (scene.route().await, scene.route().await);
            let gone = scene.dispatches(&deleted.address, 4).await;
            let others = scene.dispatches(&lives.address, 3).await;
            scene.begin_all(&gone).await;
            scene.begin_all(&others).await;
            let store = &scene.store;
            store.delete_integration(deleted.organization, deleted.integration.id, scene.now()).await.unwrap();
            let mut found = ids(&interrupt(&scene, Abandoned::All, 2).await);
            assert_eq!(found.len(), 2);
            found.extend(ids(&interrupt(&scene, Abandoned::All, 2).await));
            found.sort_unstable();
            let mut others = others;
            others.sort_unstable();
            assert_eq!(found, others);
            for id in gone {
                let state = scene.read(&deleted, id).await.state;
                assert_eq!(state.reason, Some(Reason::Cancel(CancelReason::IntegrationDeleted)));
                let log = store.dispatch_with_attempts(deleted.organization, id).await.unwrap().unwrap().1;
                assert_eq!(log[0].outcome, Some(AttemptOutcome::Interrupted));
            }
        }

        /// Everything that waits is found, by time and then by arrival, in pieces, and nothing else is.
        async fn due_work_is_found_in_order(harness) {
            let scene = scene(harness);
            let (route, other) = (scene.route().await, scene.route().await);
            let first = scene.dispatches(&route.address, 2).await;
            let retried = scene.dispatch(&other.address).await;
            scene.fail(retried, failure(FailureKind::Unavailable)).await;
            let open = scene.dispatch(&route.address).await;
            scene.start(open).await;
            let canceled = scene.dispatch(&route.address).await;
            scene.store.cancel(route.organization, canceled).await.unwrap();
            let third = scene.dispatch(&other.address).await;
            scene.pass(10);
            let fourth = scene.dispatch(&route.address).await;

            let all = [first[0], first[1], third, fourth];
            assert_eq!(ids(&scene.store.due(scene.now(), None, 100).await.unwrap()), all);
            scene.pass(30);
            let fifth = scene.dispatch(&other.address).await;
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let piece = scene.store.due(scene.now(), after, 2).await.unwrap();
                let Some(last) = piece.last() else { break };
                after = Some((last.due, last.sequence));
                found.extend(piece);
            }
            assert_eq!(ids(&found), [first[0], first[1], third, fourth, retried, fifth]);
            assert!(found.is_sorted_by_key(|entry| (entry.due, entry.sequence)));
            let before_all = scene.now() - Duration::from_secs(41);
            assert_eq!(scene.store.due(before_all, None, 10).await.unwrap(), []);
            assert_eq!(scene.store.due(before_all, after, 10).await.unwrap(), []);
        }

        /// Sweeping is for ever, so it must not change what it looks at, nor must pruning what is needed.
        async fn looking_and_pruning_change_nothing(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (waiting, delivered) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            scene.deliver(delivered).await;
            let before = (scene.read(&route, waiting).await, scene.read(&route, delivered).await);
            scene.pass(400 * 86_400);
            for _ in 0..2 {
                scene.store.prune(scene.now()).await.unwrap();
                assert_eq!(ids(&scene.store.due(scene.now(), None, 10).await.unwrap()), [waiting]);
            }
            assert_eq!((scene.read(&route, waiting).await, scene.read(&route, delivered).await), before);
            assert_eq!(scene.attempts(route.organization, delivered).await.len(), 1);
            scene.deliver(waiting).await;
        }
    }
}
