//! Held, not lost: dispatches of stopped integrations, and how long they wait.

use std::time::Duration;

use integrations_core::{
    DispatchStatus, FailReason, FailureKind, HoldReason, IntegrationStatus, Reason, later,
    store::{Begun, Held, Settled},
};

use super::{StoreHarness, scene};
use crate::{builders, suite::suite};

const STOPPED: [(IntegrationStatus, HoldReason); 2] = [
    (IntegrationStatus::Paused, HoldReason::IntegrationPaused),
    (IntegrationStatus::Disabled, HoldReason::IntegrationDisabled),
];

suite! { $
    store_held in store::held for StoreHarness {
        /// The reason shows, no attempt is made, and the next look is when patience ends.
        async fn stopped_integrations_hold(harness) {
            let scene = scene(harness);
            for (status, hold) in STOPPED {
                let route = scene.route().await;
                scene.set_status(&route.integration, status).await;
                let id = scene.dispatch(&route.address).await;
                assert_eq!(scene.wait(id).await, later(scene.now(), scene.policy.max_hold));
                let state = scene.read(&route, id).await.state;
                assert_eq!((state.status, state.reason), (DispatchStatus::Pending, Some(Reason::Hold(hold))));
                assert_eq!((state.generation, state.attempt_count), (0, 0));
                assert_eq!((state.held_since, state.next_attempt_at()), (Some(scene.now()), None));
                assert_eq!(scene.attempts(route.organization, id).await, []);
            }
        }

        /// When the integration is active again everything goes at once, in the order in which it came.
        async fn release_lets_active_integrations_go(harness) {
            let scene = scene(harness);
            for (status, _) in STOPPED {
                let (route, still) = (scene.route().await, scene.route().await);
                for integration in [&route.integration, &still.integration] {
                    scene.set_status(integration, status).await;
                }
                let ids = scene.dispatches(&route.address, 3).await;
                let stays = scene.dispatch(&still.address).await;
                for id in [ids[2], stays, ids[0], ids[1]] {
                    scene.wait(id).await;
                }
                scene.pass(3_600);
                assert_eq!(scene.store.release(Held::ByIntegration, scene.now(), 10).await.unwrap(), []);
                scene.set_status(&route.integration, IntegrationStatus::Active).await;
                let released = scene.store.release(Held::ByIntegration, scene.now(), 10).await.unwrap();
                assert_eq!(released.iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), ids);
                assert!(released.iter().all(|entry| entry.due == scene.now()));
                assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap(), released);
                let state = scene.read(&route, ids[0]).await.state;
                assert_eq!((state.reason, state.held_since), (None, None));
                for id in ids {
                    scene.deliver(id).await;
                }
                assert_eq!(scene.read(&still, stays).await.state.next_attempt_at(), None);
            }
        }

        /// In pieces, until none is left; nothing is released twice.
        async fn release_comes_in_pieces(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            scene.set_status(&route.integration, IntegrationStatus::Paused).await;
            let ids = scene.dispatches(&route.address, 5).await;
            scene.begin_all(&ids).await;
            scene.set_status(&route.integration, IntegrationStatus::Active).await;
            let mut released = Vec::new();
            for expected in [2, 2, 1, 0] {
                let piece = scene.store.release(Held::ByIntegration, scene.now(), 2).await.unwrap();
                assert_eq!(piece.len(), expected);
                released.extend(piece.into_iter().map(|entry| entry.dispatch));
            }
            assert_eq!(released, ids);
        }

        /// A person who resumes wants the whole of the retries again, not what an old window left.
        async fn release_opens_a_fresh_window(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            for _ in 0..3 {
                let error = builders::failure(FailureKind::Unavailable);
                let Settled::Waiting(due) = scene.fail(id, error).await else { panic!("does not wait") };
                scene.go_to(due);
            }
            scene.set_status(&route.integration, IntegrationStatus::Paused).await;
            scene.wait(id).await;
            scene.pass(86_400);
            scene.set_status(&route.integration, IntegrationStatus::Active).await;
            scene.store.release(Held::ByIntegration, scene.now(), 10).await.unwrap();
            let error = builders::failure(FailureKind::Unavailable);
            assert_eq!(scene.fail(id, error).await, Settled::Waiting(later(scene.now(), scene.policy.retry.base)));
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.window_ends_at, Some(later(scene.now(), scene.policy.retry.window)));
            assert_eq!((state.attempt_count, state.step), (4, 1));
        }

        /// Time that is spent held is given back to the window.
        async fn a_hold_does_not_use_up_the_window(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let window_ends_at = later(scene.now(), scene.policy.retry.window);
            let asked = Duration::from_secs(30_000);
            let error = builders::failure(FailureKind::Throttled).with_retry_after(Some(asked));
            let Settled::Waiting(due) = scene.fail(id, error).await else { panic!("does not wait") };
            assert!(due > window_ends_at);
            scene.go_to(due);
            scene.start(id).await;
            assert_eq!(scene.read(&route, id).await.state.window_ends_at, Some(later(window_ends_at, asked)));
        }

        /// Patience ends: then the dispatch says so instead of waiting for ever.
        async fn a_hold_ends(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            scene.set_status(&route.integration, IntegrationStatus::Paused).await;
            let id = scene.dispatch(&route.address).await;
            let end = scene.wait(id).await;
            scene.go_to(end);
            assert!(matches!(scene.begin(id).await, Begun::Nothing));
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.status, DispatchStatus::Failed);
            assert_eq!(state.reason, Some(Reason::Fail(FailReason::HeldTooLong)));
            assert_eq!(scene.store.due(scene.in_seconds(100_000_000), None, 10).await.unwrap(), []);
        }

        /// No patience at all is for holds only: what may start starts.
        async fn without_patience_what_may_start_starts(harness) {
            let mut scene = scene(harness);
            scene.policy.max_hold = Duration::ZERO;
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.deliver(id).await;
            scene.set_status(&route.integration, IntegrationStatus::Paused).await;
            let id = scene.dispatch(&route.address).await;
            assert_eq!(scene.wait(id).await, scene.now());
            assert!(matches!(scene.begin(id).await, Begun::Nothing));
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.reason, Some(Reason::Fail(FailReason::HeldTooLong)));
        }

        /// Past its window nothing is tried any more.
        async fn nothing_starts_after_its_window(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.fail(id, builders::failure(FailureKind::Unavailable)).await;
            scene.samples.clock.advance(scene.policy.retry.window);
            scene.pass(1);
            assert!(matches!(scene.begin(id).await, Begun::Nothing));
            let state = scene.read(&route, id).await.state;
            assert_eq!(state.reason, Some(Reason::Fail(FailReason::RetryWindowExceeded)));
            assert_eq!(scene.attempts(route.organization, id).await.len(), 1);
        }
    }
}
