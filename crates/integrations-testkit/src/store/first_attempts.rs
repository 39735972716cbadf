//! First attempts: what gets a slot begins with its acceptance, as if it had begun right after it.

use std::sync::Arc;

use integrations_core::{
    DispatchStatus, FailureKind, HoldReason, IntegrationStatus, Rate, Reason, later,
    store::{Begun, FirstAttempts, NewEvent, Recorded, Settled},
};

use super::{StoreHarness, scene};
use crate::{builders, scene::Scene, slots::CountedSlots, suite::suite};

/// Records events under the policy of the scene, while there are these slots.
async fn record(scene: &Scene, slots: &Arc<CountedSlots>, events: &[NewEvent], max_waiting: u64) -> Vec<Recorded> {
    let first = FirstAttempts { policy: scene.policy.clone(), now: scene.now(), slots: slots.clone() };
    scene.store.record(events, max_waiting, Some(&first)).await.unwrap()
}

/// How many dispatches an accepted event has, and how many of them are to be queued.
fn counts(recorded: &Recorded) -> (u64, usize) {
    match recorded {
        Recorded::Accepted { dispatch_count, entries } => (*dispatch_count, entries.len()),
        other => panic!("not accepted: {other:?}"),
    }
}

suite! { $
    store_first_attempts in store::first_attempts for StoreHarness {
        /// It is open when the call returns, with all that an attempt needs, and ends like any other.
        async fn what_gets_a_slot_has_begun(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let slots = Arc::new(CountedSlots::new(1));
            let new = scene.samples.event(&route.address);
            let recorded = record(&scene, &slots, std::slice::from_ref(&new), 0).await;
            assert_eq!(counts(&recorded[0]), (1, 0));

            let [attempt] = &slots.started()[..] else { panic!("not one attempt") };
            assert_eq!((attempt.generation, attempt.number), (1, 1));
            assert_eq!(*attempt.integration, scene.stored(&route.integration).await);
            assert_eq!((attempt.event.id, &attempt.event.payload), (new.id, &new.payload));
            let state = scene.read(&route, attempt.dispatch).await.state;
            assert_eq!((state.status, state.reason, state.due_at), (DispatchStatus::Delivering, None, None));
            assert_eq!((state.generation, state.attempt_count), (1, 1));
            assert_eq!(state.lease_until, Some(later(scene.now(), scene.policy.lease)));
            assert_eq!(state.window_ends_at, Some(later(scene.now(), scene.policy.retry.window)));
            let log = scene.attempts(route.organization, attempt.dispatch).await;
            assert_eq!((log.len(), log[0].number, log[0].started_at, log[0].ended_at), (1, 1, scene.now(), None));

            assert!(matches!(scene.begin(attempt.dispatch).await, Begun::Nothing));
            assert_eq!(scene.settle(attempt, Ok(builders::receipt())).await, Settled::Ended);
            assert_eq!(scene.read(&route, attempt.dispatch).await.state.status, DispatchStatus::Delivered);
            assert!(slots.given_back().is_empty());
        }

        /// The question names what the queue would be told, and what gets no slot goes there.
        async fn what_gets_no_slot_waits(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let (one, two) = (scene.integration(organization).await, scene.integration(organization).await);
            let address = scene.address(organization, &[one.id, two.id]).await;
            let slots = Arc::new(CountedSlots::new(3));
            let events = [scene.samples.event(&address), scene.samples.event(&address)];
            let recorded = record(&scene, &slots, &events, 0).await;
            assert_eq!((counts(&recorded[0]), counts(&recorded[1])), ((2, 0), (2, 1)));
            let asked = slots.asked();
            let started: Vec<_> = slots.started().iter().map(|attempt| attempt.dispatch).collect();
            assert_eq!(started, asked[..3].iter().map(|entry| entry.dispatch).collect::<Vec<_>>());
            assert_eq!(recorded[1], Recorded::Accepted { dispatch_count: 2, entries: asked[3..].to_vec() });
            assert_eq!(scene.store.due(scene.now(), None, 10).await.unwrap(), asked[3..]);
            scene.deliver(asked[3].dispatch).await;
        }

        /// Everything that may stand in the way of an attempt does so here, too.
        async fn what_may_not_start_is_held(harness) {
            let mut scene = scene(harness);
            scene.policy.daily_limit = 1;
            let (day, paused) = (scene.route().await, scene.route().await);
            let paced = scene.paced_route(Rate::new(60_000, 1)).await;
            scene.set_status(&paused.integration, IntegrationStatus::Paused).await;
            let slots = Arc::new(CountedSlots::new(10));
            let event = |route: &crate::scene::Route| scene.samples.event(&route.address);
            let recorded = record(&scene, &slots, &[event(&paused), event(&day), event(&day), event(&paced)], 0).await;
            assert!(recorded.iter().all(|recorded| counts(recorded) == (1, 0)));
            let [paused_one, first, second, in_time] = &slots.begun()[..] else { panic!("not all were told") };
            for (id, route, hold) in [
                (paused_one.0, &paused, HoldReason::IntegrationPaused),
                (second.0, &day, HoldReason::DailyLimit),
            ] {
                let state = scene.read(route, id).await.state;
                assert_eq!((state.status, state.reason), (DispatchStatus::Pending, Some(Reason::Hold(hold))));
                assert_eq!((state.held_since, state.generation), (Some(scene.now()), 0));
            }
            assert!(matches!(paused_one.1, Begun::Waiting(until) if until == later(scene.now(), scene.policy.max_hold)));
            assert!(matches!(second.1, Begun::Waiting(until) if until > scene.now()));
            assert!(matches!((&first.1, &in_time.1), (Begun::Started(_), Begun::Started(_))));

            scene.policy.daily_limit = 0;
            record(&scene, &slots, &[scene.samples.event(&paced.address)], 0).await;
            let [(paced_one, begun)] = &slots.begun()[..] else { panic!("not told") };
            assert!(matches!(begun, Begun::Waiting(until) if *until == scene.in_seconds(60)), "{begun:?}");
            let reason = scene.read(&paced, *paced_one).await.state.reason;
            assert_eq!(reason, Some(Reason::Hold(HoldReason::Pacing)));
        }

        /// No slot is asked for what is not accepted, and none stays taken.
        async fn what_is_not_accepted_asks_for_nothing(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let slots = Arc::new(CountedSlots::new(10));
            let scope = integrations_core::store::DeduplicationScope::Organization;
            let new = NewEvent {
                deduplication: Some(scene.samples.deduplication(scope, 1)),
                ..scene.samples.event(&route.address)
            };
            record(&scene, &slots, std::slice::from_ref(&new), 0).await;
            assert_eq!(slots.asked().len(), 1);
            scene.dispatches(&route.address, 2).await;
            let repeat = NewEvent { id: scene.samples.event(&route.address).id, ..new.clone() };
            let unknown = scene.samples.event(&scene.samples.address(route.organization));
            let recorded =
                record(&scene, &slots, &[repeat, unknown, scene.samples.event(&route.address)], 1).await;
            let first = Recorded::Duplicate { event: new.id, dispatch_count: 1 };
            assert_eq!(recorded, [first, Recorded::UnknownAddress, Recorded::TooMuchWaiting]);
            assert!(slots.asked().is_empty() && slots.given_back().is_empty());
        }

        /// What has begun does not count as waiting, and what waits in spite of its slot does.
        async fn only_what_waits_counts_as_waiting(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let slots = Arc::new(CountedSlots::new(3));
            let events: Vec<_> = (0..3).map(|_| scene.samples.event(&route.address)).collect();
            record(&scene, &slots, &events, 0).await;
            assert_eq!(slots.started().len(), 3);
            let full = |recorded: Vec<Recorded>| recorded == [Recorded::TooMuchWaiting];
            for waiting in 0..2 {
                let next = [scene.samples.event(&route.address)];
                assert!(!full(record(&scene, &slots, &next, 1).await), "{waiting} wait");
            }
            assert!(full(record(&scene, &slots, &[scene.samples.event(&route.address)], 1).await));
        }

        /// A crash right after the commit leaves it as an open attempt that nobody makes, like any other.
        async fn what_nobody_makes_is_found(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let slots = Arc::new(CountedSlots::new(1));
            record(&scene, &slots, &[scene.samples.event(&route.address)], 0).await;
            let [attempt] = &slots.started()[..] else { panic!("not one attempt") };
            let store = harness.reopen().await;
            let which = integrations_core::store::Abandoned::All;
            let found = store.interrupt(which, &scene.policy, scene.now(), 10).await.unwrap();
            assert_eq!(found.iter().map(|entry| entry.dispatch).collect::<Vec<_>>(), [attempt.dispatch]);
            let late = scene.report(attempt, Err(builders::failure(FailureKind::Rejected)));
            assert_eq!(store.settle(&[late], &scene.policy).await.unwrap(), [Settled::Late]);
        }
    }
}
