//! What follows from the answers of a service, seen from outside.

use integrations::core::{
    DeliveryError, Dispatch, DispatchStatus, FailReason, FailureKind, HoldReason, IntegrationPatch, IntegrationStatus,
    Reason, StatusWish,
};
use integrations_testkit::suite::block_on;

use crate::world::World;

async fn world() -> (World, integrations::core::IntegrationId, integrations::core::AddressId) {
    let world = World::start().await;
    let integration = world.connect("one").await;
    let address = world.address("orders", &[integration]).await;
    (world, integration, address)
}

fn failure(kind: FailureKind) -> DeliveryError {
    DeliveryError::new(kind, "the service says no")
}

fn held_for(dispatch: &Dispatch, hold: HoldReason) -> bool {
    dispatch.state.reason == Some(Reason::Hold(hold))
}

#[test]
fn an_unavailable_service_is_tried_again_until_it_takes_the_message() {
    block_on(async {
        let (world, _, address) = world().await;
        for _ in 0..3 {
            world.postbox.fail_next(failure(FailureKind::Unavailable));
        }
        world.publish(address, "Shipped").await;
        let dispatch = world.newest_in(DispatchStatus::Delivered).await;
        assert_eq!(world.outcomes(dispatch.id).await, ["unavailable", "unavailable", "unavailable", "delivered"]);
    });
}

#[test]
fn a_refused_message_fails_with_its_reason() {
    block_on(async {
        let (world, _, address) = world().await;
        world.postbox.fail_next(failure(FailureKind::Rejected));
        world.publish(address, "Shipped").await;
        let dispatch = world.newest_in(DispatchStatus::Failed).await;
        assert_eq!(dispatch.state.reason, Some(Reason::Fail(FailReason::Rejected)));
        assert_eq!(dispatch.state.last_error.unwrap().message, "the service says no");
    });
}

#[test]
fn a_lost_answer_is_repeated_once() {
    block_on(async {
        let (world, _, address) = world().await;
        world.postbox.fail_next(failure(FailureKind::Unconfirmed));
        world.postbox.fail_next(failure(FailureKind::Unconfirmed));
        world.publish(address, "Shipped").await;
        let dispatch = world.newest_in(DispatchStatus::Failed).await;
        assert_eq!(dispatch.state.reason, Some(Reason::Fail(FailReason::Unconfirmed)));
        assert_eq!(world.outcomes(dispatch.id).await, ["unconfirmed", "unconfirmed"]);
    });
}

/// A revoked token loses nothing: everything waits for the new one.
#[test]
fn what_met_a_revoked_token_goes_out_when_the_integration_is_active_again() {
    block_on(async {
        let (world, integration, address) = world().await;
        world.postbox.fail_next(failure(FailureKind::Unauthorized));
        world.publish(address, "first").await;
        world.newest(|dispatch| held_for(dispatch, HoldReason::IntegrationDisabled)).await;
        world.publish(address, "second").await;
        let view = world.platform.integration(world.organization, integration).await.unwrap();
        assert_eq!(view.integration.status, IntegrationStatus::Disabled);
        assert_eq!(view.integration.status_reason.as_deref(), Some("the service says no"));

        world.postbox.judge(Some(failure(FailureKind::Unauthorized)));
        let active = || IntegrationPatch { status: Some(StatusWish::Active), ..IntegrationPatch::default() };
        let refused = world.platform.update_integration(world.organization, integration, active()).await;
        assert!(refused.is_err());
        assert!(world.postbox.delivered().is_empty());

        world.postbox.judge(None);
        world.platform.update_integration(world.organization, integration, active()).await.unwrap();
        let mut subjects: Vec<_> = world.postbox.wait_for(2).await.into_iter().map(|m| m.subject.unwrap()).collect();
        subjects.sort();
        assert_eq!(subjects, ["first", "second"]);
    });
}

/// A message that was canceled while its integration was paused is not sent when that goes on.
#[test]
fn canceling_what_waits_is_final_until_it_is_replayed() {
    block_on(async {
        let (world, integration, address) = world().await;
        let wish = |status| IntegrationPatch { status: Some(status), ..IntegrationPatch::default() };
        world.platform.update_integration(world.organization, integration, wish(StatusWish::Paused)).await.unwrap();
        world.publish(address, "Shipped").await;
        let waiting = world.newest(|dispatch| held_for(dispatch, HoldReason::IntegrationPaused)).await;
        world.platform.cancel_dispatch(world.organization, waiting.id).await.unwrap();
        world.platform.update_integration(world.organization, integration, wish(StatusWish::Active)).await.unwrap();
        world.publish(address, "Another").await;
        assert_eq!(world.postbox.wait_for(1).await[0].subject.as_deref(), Some("Another"));
        world.platform.replay_dispatch(world.organization, waiting.id).await.unwrap();
        assert_eq!(world.postbox.wait_for(2).await[1].subject.as_deref(), Some("Shipped"));
    });
}
