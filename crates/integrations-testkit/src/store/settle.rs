//! Settling: what each outcome makes of the dispatch, its log, its integration and its lane.

use std::time::Duration;

use http::StatusCode;
use integrations_core::{
    Attempt, AttemptError, AttemptOutcome, DeliveryError, Dispatch, DispatchId, DispatchStatus, FailReason,
    FailureKind, HoldReason, IntegrationStatus, Reason, Receipt, later,
    store::{Begun, Settled},
};

use super::{StoreHarness, scene};
use crate::{
    builders::{connection, failure, receipt},
    scene::{Route, Scene},
    suite::suite,
};

/// A new dispatch after one attempt that ended so, a second after it began.
async fn after(scene: &Scene, route: &Route, result: Result<Receipt, DeliveryError>) -> (Settled, Dispatch) {
    let id = scene.dispatch(&route.address).await;
    let attempt = scene.start(id).await;
    scene.pass(1);
    let settled = scene.settle(&attempt, result).await;
    (settled, scene.read(route, id).await)
}

/// The only attempt of a dispatch.
async fn log_of(scene: &Scene, dispatch: &Dispatch) -> Attempt {
    let mut log = scene.attempts(dispatch.organization, dispatch.id).await;
    assert_eq!(log.len(), 1);
    log.remove(0)
}

fn failed(reason: FailReason) -> (DispatchStatus, Option<Reason>) {
    (DispatchStatus::Failed, Some(Reason::Fail(reason)))
}

fn held(reason: HoldReason) -> (DispatchStatus, Option<Reason>) {
    (DispatchStatus::RetryScheduled, Some(Reason::Hold(reason)))
}

fn is(dispatch: &Dispatch) -> (DispatchStatus, Option<Reason>) {
    (dispatch.state.status, dispatch.state.reason)
}

/// Whether a second attempt of it starts at that time.
async fn starts_at(scene: &Scene, id: DispatchId, time: jiff::Timestamp) -> bool {
    scene.go_to(time);
    matches!(scene.begin(id).await, Begun::Started(_))
}

suite! { $
    store_settle in store::settle for StoreHarness {
        /// Delivered: the end, with the time and the service's own identifier.
        async fn delivered(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let started_at = scene.now();
            let (settled, dispatch) = after(&scene, &route, Ok(receipt())).await;
            assert_eq!((settled, is(&dispatch)), (Settled::Ended, (DispatchStatus::Delivered, None)));
            assert_eq!(dispatch.state.delivered_at, Some(scene.now()));
            assert_eq!(dispatch.state.last_error, None);
            assert_eq!((dispatch.state.due_at, dispatch.state.lease_until), (None, None));
            assert_eq!(log_of(&scene, &dispatch).await, Attempt {
                number: 1,
                started_at,
                ended_at: Some(scene.now()),
                outcome: Some(AttemptOutcome::Delivered),
                error: None,
                retry_after: None,
                remote_id: receipt().remote_id,
            });
            let (_, dispatch) = after(&scene, &route, Ok(Receipt { remote_id: None })).await;
            assert_eq!(log_of(&scene, &dispatch).await.remote_id, None);
        }

        /// An arrival closes the account of earlier failures; the log keeps them.
        async fn delivered_at_last(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (_, dispatch) = after(&scene, &route, Err(failure(FailureKind::Timeout))).await;
            scene.go_to(dispatch.state.due_at.unwrap());
            scene.deliver(dispatch.id).await;
            let state = scene.read(&route, dispatch.id).await.state;
            assert_eq!((state.last_error, state.last_outcome), (None, Some(AttemptOutcome::Delivered)));
            let log = scene.attempts(route.organization, dispatch.id).await;
            assert!(log[0].error.is_some());
        }

        /// A failure is kept in the log and on the dispatch: code, words, status and wait.
        async fn a_failure_is_kept(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let started_at = scene.now();
            let error = DeliveryError::new(FailureKind::Unavailable, "Bad Gateway — «перегружен» 😵")
                .with_status(StatusCode::BAD_GATEWAY)
                .with_retry_after(Some(Duration::from_millis(2_500)));
            let (_, dispatch) = after(&scene, &route, Err(error)).await;
            let kept = Some(AttemptError {
                code: AttemptOutcome::Unavailable,
                message: "Bad Gateway — «перегружен» 😵".to_owned(),
                http_status: Some(502),
            });
            assert_eq!(dispatch.state.last_error, kept);
            assert_eq!(dispatch.state.last_outcome, Some(AttemptOutcome::Unavailable));
            assert_eq!(log_of(&scene, &dispatch).await, Attempt {
                number: 1,
                started_at,
                ended_at: Some(scene.now()),
                outcome: Some(AttemptOutcome::Unavailable),
                error: kept,
                retry_after: Some(Duration::from_millis(2_500)),
                remote_id: None,
            });
        }

        /// Refused for good: there is nothing to wait for.
        async fn rejected(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (settled, dispatch) = after(&scene, &route, Err(failure(FailureKind::Rejected))).await;
            assert_eq!((settled, is(&dispatch)), (Settled::Ended, failed(FailReason::Rejected)));
        }

        /// Settings that cannot be used will not work the next time either.
        async fn misconfigured(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (settled, dispatch) = after(&scene, &route, Err(failure(FailureKind::Misconfigured))).await;
            assert_eq!((settled, is(&dispatch)), (Settled::Ended, failed(FailReason::InvalidConfig)));
        }

        /// Not taken and not sent: tried again after the backoff, or later if the service wants it so.
        async fn unavailable_and_timeout(harness) {
            let scene = scene(harness);
            for kind in [FailureKind::Unavailable, FailureKind::Timeout] {
                let route = scene.route().await;
                let (settled, dispatch) = after(&scene, &route, Err(failure(kind))).await;
                let due = scene.in_seconds(30);
                assert_eq!(settled, Settled::Waiting(due));
                assert_eq!(is(&dispatch), (DispatchStatus::RetryScheduled, None));
                assert_eq!((dispatch.state.due_at, dispatch.state.lease_until), (Some(due), None));
                assert!(starts_at(&scene, dispatch.id, due).await);
            }
            let route = scene.route().await;
            let error = failure(FailureKind::Unavailable).with_retry_after(Some(Duration::from_secs(300)));
            let (settled, _) = after(&scene, &route, Err(error)).await;
            assert_eq!(settled, Settled::Waiting(scene.in_seconds(300)));
        }

        /// The delay doubles up to its bound, jitter is added as it was drawn, and the window ends it all.
        async fn retries_end_with_their_window(harness) {
            let mut scene = scene(harness);
            scene.policy.retry.window = Duration::from_secs(600);
            scene.policy.retry.max = Duration::from_secs(200);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            for delay in [37, 67, 127, 200] {
                let attempt = scene.start(id).await;
                let mut report = scene.report(&attempt, Err(failure(FailureKind::Unavailable)));
                report.jitter = Duration::from_secs(7);
                let settled = scene.store.settle(&[report], &scene.policy).await.unwrap();
                let due = scene.in_seconds(delay);
                assert_eq!(settled, [Settled::Waiting(due)]);
                scene.go_to(due);
            }
            assert_eq!(scene.fail(id, failure(FailureKind::Unavailable)).await, Settled::Ended);
            assert_eq!(is(&scene.read(&route, id).await), failed(FailReason::RetryWindowExceeded));
        }

        /// Slowing down is no failure: held, and the backoff is where it was.
        async fn throttled(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let error = failure(FailureKind::Throttled).with_retry_after(Some(Duration::from_secs(90)));
            let (settled, dispatch) = after(&scene, &route, Err(error)).await;
            assert_eq!((settled, is(&dispatch)), (Settled::Waiting(scene.in_seconds(90)), held(HoldReason::Throttled)));
            assert_eq!((dispatch.state.step, dispatch.state.held_since), (0, Some(scene.now())));
            let due = scene.in_seconds(90);
            scene.go_to(due);
            let settled = scene.fail(dispatch.id, failure(FailureKind::Unavailable)).await;
            assert_eq!(settled, Settled::Waiting(scene.in_seconds(30)));
        }

        /// It may have arrived: once more, later, and then no more.
        async fn unconfirmed(harness) {
            let mut scene = scene(harness);
            scene.policy.retry.base = Duration::from_secs(1);
            let route = scene.route().await;
            let (settled, dispatch) = after(&scene, &route, Err(failure(FailureKind::Unconfirmed))).await;
            let due = scene.in_seconds(30);
            assert_eq!(settled, Settled::Waiting(due));
            assert_eq!(dispatch.state.lost_answers, 1);
            scene.go_to(due);
            assert_eq!(scene.fail(dispatch.id, failure(FailureKind::Unconfirmed)).await, Settled::Ended);
            assert_eq!(is(&scene.read(&route, dispatch.id).await), failed(FailReason::Unconfirmed));
        }

        /// Refused credentials disable the integration, a lost destination pauses it; the dispatch waits with it.
        async fn unauthorized_and_gone(harness) {
            let scene = scene(harness);
            for (kind, status, hold) in [
                (FailureKind::Unauthorized, IntegrationStatus::Disabled, HoldReason::IntegrationDisabled),
                (FailureKind::Gone, IntegrationStatus::Paused, HoldReason::IntegrationPaused),
            ] {
                let route = scene.route().await;
                let (settled, dispatch) = after(&scene, &route, Err(failure(kind))).await;
                assert_eq!(settled, Settled::Waiting(later(scene.now(), scene.policy.max_hold)));
                assert_eq!(is(&dispatch), held(hold));
                let integration = scene.stored(&route.integration).await;
                assert_eq!((integration.status, integration.revision), (status, route.integration.revision + 1));
                assert_eq!(integration.status_reason, Some(failure(kind).message));
                assert_eq!(integration.updated_at, scene.now());
            }
        }

        /// The new destination is stored and used at once; the second move in a row waits like a failure.
        async fn moved(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let error = |name: &str| DeliveryError::moved(connection(name), "moved");
            let (settled, dispatch) = after(&scene, &route, Err(error("second home"))).await;
            assert_eq!(settled, Settled::Waiting(scene.now()));
            assert_eq!(is(&dispatch), (DispatchStatus::RetryScheduled, None));
            let integration = scene.stored(&route.integration).await;
            assert_eq!(integration.connection, connection("second home"));
            assert_eq!(integration.revision, route.integration.revision + 1);
            assert_eq!((integration.status, integration.status_reason), (IntegrationStatus::Active, None));
            let attempt = scene.start(dispatch.id).await;
            assert_eq!(*attempt.integration, scene.stored(&route.integration).await);
            let settled = scene.settle(&attempt, Err(error("third home"))).await;
            assert_eq!(settled, Settled::Waiting(scene.in_seconds(30)));
            assert_eq!(scene.stored(&route.integration).await.connection, connection("third home"));
        }

        /// A move must not fail because the user connected the new place in the meantime: messages go on.
        async fn moved_to_where_another_one_leads(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let other = scene.integration(route.organization).await;
            let error = DeliveryError::moved(other.connection.clone(), "moved");
            let (settled, dispatch) = after(&scene, &route, Err(error)).await;
            assert_eq!(settled, Settled::Waiting(scene.now()));
            assert_eq!(scene.stored(&route.integration).await.connection, other.connection);
            scene.deliver(dispatch.id).await;
        }
    }
}
