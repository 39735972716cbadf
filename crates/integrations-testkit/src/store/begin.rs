//! Beginning: what starts, with what, and what does not.

use std::time::Duration;

use integrations_core::{
    Attempt, AttemptOutcome, DispatchId, DispatchStatus, Event, FailureKind, Payload, later,
    store::{Begun, Settled},
};

use super::{StoreHarness, scene};
use crate::{builders, sample, suite::suite};

suite! { $
    store_begin in store::begin for StoreHarness {
        /// A started attempt has all that it needs, and everything about it is stored before it is made.
        async fn a_started_attempt_is_complete(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            scene.change(&route.integration, |integration| integration.secret.envelope = vec![5; 99]).await;
            let new = scene.samples.event(&route.address);
            scene.record(&new).await;
            scene.pass(2);
            let id = DispatchId::derive(new.id, route.integration.id);
            let attempt = scene.start(id).await;
            assert_eq!((attempt.dispatch, attempt.generation, attempt.number), (id, 1, 1));
            assert_eq!(*attempt.integration, scene.stored(&route.integration).await);
            assert_eq!(*attempt.event, Event {
                id: new.id,
                organization: route.organization,
                address_id: route.address.id,
                address: route.address.name.as_str().to_owned(),
                occurred_at: new.occurred_at,
                received_at: new.received_at,
                payload: new.payload,
            });

            let state = scene.read(&route, id).await.state;
            assert_eq!((state.status, state.reason), (DispatchStatus::Delivering, None));
            assert_eq!((state.generation, state.attempt_count), (1, 1));
            assert_eq!(state.lease_until, Some(later(scene.now(), scene.policy.lease)));
            assert_eq!(state.window_ends_at, Some(later(scene.now(), scene.policy.retry.window)));
            assert_eq!(state.due_at, None);
            assert_eq!(scene.attempts(route.organization, id).await, [Attempt {
                number: 1,
                started_at: scene.now(),
                ended_at: None,
                outcome: None,
                error: None,
                retry_after: None,
                remote_id: None,
            }]);
        }

        /// An event reads back after its address has got another owner: history does not change.
        async fn an_event_keeps_its_address(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let attempt = scene.start(id).await;
            scene.store.delete_address(route.organization, route.address.id, scene.now()).await.unwrap();
            assert_eq!(attempt.event.address, route.address.name.as_str());
            assert_eq!(scene.read(&route, id).await.address, route.address.name.as_str());
        }

        /// One worker gets it; everybody else gets nothing, and so does who asks for what ended or never was.
        async fn what_is_not_waiting_does_not_start(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (open, delivered) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let (failed, canceled) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let attempt = scene.start(open).await;
            scene.deliver(delivered).await;
            scene.reject(failed).await;
            scene.store.cancel(route.organization, canceled).await.unwrap();
            let unknown = DispatchId::derive(attempt.event.id, scene.samples.integration(route.organization).id);
            for id in [open, delivered, failed, canceled, unknown] {
                let before = scene.store.dispatch(route.organization, id).await.unwrap();
                assert!(matches!(scene.begin(id).await, Begun::Nothing));
                assert_eq!(scene.store.dispatch(route.organization, id).await.unwrap(), before);
            }
            assert_eq!(scene.attempts(route.organization, open).await.len(), 1);
        }

        /// Each item of a call is decided by itself, in order; the same one twice starts once.
        async fn dispatches_of_one_call_are_independent(harness) {
            let scene = scene(harness);
            let (route, other) = (scene.route().await, scene.route().await);
            let (a, b) = (scene.dispatch(&route.address).await, scene.dispatch(&other.address).await);
            let unknown = DispatchId::derive(scene.samples.event(&route.address).id, route.integration.id);
            let begun = scene.begin_all(&[a, unknown, b, a]).await;
            assert_eq!(begun.len(), 4);
            assert!(matches!(&begun[0], Begun::Started(attempt) if attempt.dispatch == a));
            assert!(matches!(&begun[1], Begun::Nothing));
            assert!(matches!(&begun[2], Begun::Started(attempt) if attempt.dispatch == b));
            assert!(matches!(&begun[3], Begun::Nothing));
            assert!(scene.begin_all(&[]).await.is_empty());
        }

        /// A queue may be early or wrong: before its time nothing starts, and nothing is written.
        async fn nothing_starts_before_it_is_due(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let error = builders::failure(FailureKind::Unavailable);
            let Settled::Waiting(due) = scene.fail(id, error).await else { panic!("does not wait") };
            assert_eq!(due, later(scene.now(), scene.policy.retry.base));
            let before = scene.read(&route, id).await;
            scene.samples.clock.advance(scene.policy.retry.base - Duration::from_millis(1));
            assert_eq!(scene.wait(id).await, due);
            assert_eq!(scene.read(&route, id).await, before);
            scene.go_to(due);
            scene.start(id).await;
        }

        /// Attempts are numbered on, generations rise, and the log keeps all of them in order.
        async fn generations_rise(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            for number in 1..=4 {
                let attempt = scene.start(id).await;
                assert_eq!((attempt.number, attempt.generation), (number, u64::from(number)));
                let error = builders::failure(FailureKind::Timeout);
                let Settled::Waiting(due) = scene.settle(&attempt, Err(error)).await else { panic!("does not wait") };
                scene.go_to(due);
            }
            scene.deliver(id).await;
            let log = scene.attempts(route.organization, id).await;
            assert_eq!(log.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
            assert_eq!(log[3].outcome, Some(AttemptOutcome::Timeout));
            assert_eq!(log[4].outcome, Some(AttemptOutcome::Delivered));
            assert_eq!(scene.read(&route, id).await.state.attempt_count, 5);
        }

        /// An attempt uses the settings of its time, not those of the event's.
        async fn an_attempt_uses_the_settings_of_now(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            scene.reconnect(&route.integration, builders::connection("new place")).await;
            let attempt = scene.start(id).await;
            assert_eq!(attempt.integration.connection, builders::connection("new place"));
            assert_eq!(attempt.integration.revision, route.integration.revision + 1);
            assert_eq!(attempt.event.payload, Payload::EmailReceived(sample::mail()));
        }
    }
}
