//! Lanes: rates that are kept, and waits that a service imposed.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    Connection, DispatchStatus, FailureKind, HoldReason, Integration, Lane, Rate, Reach, Reason, later,
    store::{Begun, Settled},
};

use super::{StoreHarness, scene};
use crate::{
    builders::{self, connection, failure},
    scene::{Route, Scene},
    suite::suite,
};

const ASKED: Duration = Duration::from_secs(90);

/// A route whose connection is that one; for the same destination in another organization, or with the same credential.
async fn leading_to(scene: &Scene, integration: Integration, connection: Connection) -> Route {
    let integration = scene.add_integration(Integration { connection, ..integration }).await;
    let address = scene.address(integration.organization, &[integration.id]).await;
    Route { organization: integration.organization, integration, address }
}

/// A second destination in the same organization, reached with the same credential.
async fn sibling(scene: &Scene, route: &Route) -> Route {
    let mut connection = connection("sibling");
    connection.lanes.credential = route.integration.connection.lanes.credential.clone();
    leading_to(scene, scene.samples.integration(route.organization), connection).await
}

/// Has the service ask to slow down, as far as that reaches.
async fn throttle(scene: &Scene, route: &Route, reach: Reach) {
    let error = failure(FailureKind::Throttled).with_retry_after(Some(ASKED)).reaching(reach);
    let id = scene.dispatch(&route.address).await;
    assert_eq!(scene.fail(id, error).await, Settled::Waiting(later(scene.now(), ASKED)));
}

/// Whether a new dispatch there starts now; if not, it must say that it was throttled, for as long as was asked.
async fn starts(scene: &Scene, route: &Route) -> bool {
    let id = scene.dispatch(&route.address).await;
    match scene.begin(id).await {
        Begun::Started(_) => true,
        Begun::Waiting(until) => {
            assert_eq!(until, later(scene.now(), ASKED));
            let state = scene.read(route, id).await.state;
            assert_eq!(state.reason, Some(Reason::Hold(HoldReason::Throttled)));
            false
        }
        Begun::Nothing => panic!("it is gone"),
    }
}

suite! { $
    store_lanes in store::lanes for StoreHarness {
        /// A burst goes at once, and the rest one by one at the rate, each at the time that it was told.
        async fn a_rate_is_kept(harness) {
            let scene = scene(harness);
            let route = scene.paced_route(Rate::new(3_000, 2)).await;
            let ids = scene.dispatches(&route.address, 5).await;
            let mut turns = Vec::new();
            for begun in scene.begin_all(&ids).await {
                turns.push(match begun {
                    Begun::Started(_) => scene.now(),
                    Begun::Waiting(until) => until,
                    Begun::Nothing => panic!("it is gone"),
                });
            }
            assert_eq!(turns, [0, 0, 3, 6, 9].map(|seconds| scene.in_seconds(seconds)));
            let state = scene.read(&route, ids[2]).await.state;
            assert_eq!((state.status, state.reason), (DispatchStatus::Pending, Some(Reason::Hold(HoldReason::Pacing))));
            assert_eq!((state.attempt_count, state.next_attempt_at()), (0, Some(turns[2])));
            for (id, turn) in ids.iter().zip(turns).skip(2) {
                scene.go_to(turn);
                scene.start(*id).await;
            }
        }

        /// What an account may send is shared by all its destinations.
        async fn a_rate_of_the_credential_is_shared(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let mut one = connection("one");
            one.lanes.credential = Lane { key: "account".to_owned(), rate: Some(Rate::new(1_000, 1)) };
            let mut two = connection("two");
            two.lanes.credential = one.lanes.credential.clone();
            let one = leading_to(&scene, scene.samples.integration(organization), one).await;
            let two = leading_to(&scene, scene.samples.integration(organization), two).await;
            let (first, second) = (scene.dispatch(&one.address).await, scene.dispatch(&two.address).await);
            scene.start(first).await;
            assert_eq!(scene.wait(second).await, scene.in_seconds(1));
        }

        /// One destination with a long queue must not keep the others of its account waiting.
        async fn a_slow_destination_holds_back_no_other(harness) {
            let scene = scene(harness);
            let organization = scene.organization().await;
            let account = Lane { key: "account".to_owned(), rate: Some(Rate::new(1_000, 1)) };
            let mut slow = builders::paced(connection("slow"), Rate::new(60_000, 1));
            slow.lanes.credential = account.clone();
            let mut quick = connection("quick");
            quick.lanes.credential = account;
            let slow = leading_to(&scene, scene.samples.integration(organization), slow).await;
            let quick = leading_to(&scene, scene.samples.integration(organization), quick).await;
            let queue = scene.dispatches(&slow.address, 5).await;
            scene.begin_all(&queue).await;
            assert_eq!(scene.read(&slow, queue[4]).await.state.due_at, Some(scene.in_seconds(240)));
            let other = scene.dispatch(&quick.address).await;
            assert_eq!(scene.wait(other).await, scene.in_seconds(5));
        }

        /// Operators switch pacing off for services of their own.
        async fn unpaced_providers_have_no_rate(harness) {
            let mut scene = scene(harness);
            scene.policy.unpaced = Arc::new(["sample".to_owned()].into());
            let route = scene.paced_route(Rate::new(3_000, 1)).await;
            for id in scene.dispatches(&route.address, 5).await {
                scene.start(id).await;
            }
        }

        /// A rest gives the burst back, and no more than that; pruning in between changes nothing.
        async fn a_rest_gives_the_burst_back(harness) {
            let scene = scene(harness);
            let route = scene.paced_route(Rate::new(1_000, 2)).await;
            for id in scene.dispatches(&route.address, 2).await {
                scene.start(id).await;
            }
            scene.store.prune(scene.now()).await.unwrap();
            let third = scene.dispatch(&route.address).await;
            assert_eq!(scene.wait(third).await, scene.in_seconds(1));
            scene.pass(60);
            scene.store.prune(scene.now()).await.unwrap();
            scene.start(third).await;
            let begun = scene.begin_all(&scene.dispatches(&route.address, 3).await).await;
            let started = begun.iter().filter(|begun| matches!(begun, Begun::Started(_))).count();
            assert_eq!(started, 2);
        }

        /// A wait imposed on a destination holds that one, and neither its account nor the service.
        async fn a_destination_is_parked_alone(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let sibling = sibling(&scene, &route).await;
            throttle(&scene, &route, Reach::Destination).await;
            assert!(!starts(&scene, &route).await);
            assert!(starts(&scene, &sibling).await);
        }

        /// A wait imposed on an account holds all its destinations, and no other account.
        async fn a_credential_is_parked_with_all_its_destinations(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (sibling, stranger) = (sibling(&scene, &route).await, scene.route_in(route.organization).await);
            throttle(&scene, &route, Reach::Credential).await;
            assert!(!starts(&scene, &route).await);
            assert!(!starts(&scene, &sibling).await);
            assert!(starts(&scene, &stranger).await);
        }

        /// A service that wants nothing from anybody gets nothing from anybody; other services do not mind.
        async fn a_provider_is_parked_for_all(harness) {
            let scene = scene(harness);
            let (route, stranger) = (scene.route().await, scene.route().await);
            let another = Integration { provider: "another".to_owned(), ..scene.samples.integration(route.organization) };
            let elsewhere = leading_to(&scene, another, connection("elsewhere")).await;
            throttle(&scene, &route, Reach::Provider).await;
            assert!(!starts(&scene, &stranger).await);
            assert!(starts(&scene, &elsewhere).await);
        }

        /// Two organizations with the same destination and account hold each other neither by waits nor by rates.
        async fn organizations_have_lanes_of_their_own(harness) {
            let scene = scene(harness);
            let own = scene.paced_route(Rate::new(10_000, 1)).await;
            let connection = own.integration.connection.clone();
            let other = scene.samples.integration(scene.organization().await);
            let other = leading_to(&scene, other, connection).await;
            throttle(&scene, &own, Reach::Credential).await;
            assert!(starts(&scene, &other).await);
        }

        /// The end of a wait is its end: then everything goes.
        async fn a_wait_ends(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            throttle(&scene, &route, Reach::Destination).await;
            let held = scene.dispatch(&route.address).await;
            let until = scene.wait(held).await;
            scene.go_to(until - Duration::from_millis(1));
            scene.store.prune(scene.now()).await.unwrap();
            let late = scene.dispatch(&route.address).await;
            assert_eq!((scene.wait(held).await, scene.wait(late).await), (until, until));
            scene.go_to(until);
            scene.store.prune(scene.now()).await.unwrap();
            scene.deliver(held).await;
            scene.deliver(late).await;
        }

        /// A second answer that asks for less does not cut short what the first one asked for.
        async fn a_shorter_wait_does_not_end_a_longer_one(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let (one, two) = (scene.dispatch(&route.address).await, scene.dispatch(&route.address).await);
            let (one, two) = (scene.start(one).await, scene.start(two).await);
            let asking = |wait| failure(FailureKind::Throttled).with_retry_after(Some(wait));
            scene.settle(&one, Err(asking(ASKED))).await;
            scene.settle(&two, Err(asking(ASKED / 3))).await;
            assert!(!starts(&scene, &route).await);
        }

        /// A service that is away and says for how long is left alone for so long.
        async fn an_unavailable_service_may_ask_for_a_wait(harness) {
            let scene = scene(harness);
            let route = scene.route().await;
            let id = scene.dispatch(&route.address).await;
            let error = failure(FailureKind::Unavailable).with_retry_after(Some(ASKED));
            assert_eq!(scene.fail(id, error).await, Settled::Waiting(later(scene.now(), ASKED)));
            assert!(!starts(&scene, &route).await);
        }
    }
}
