//! One attempt from its call to its durable end.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use integrations_core::{
    DeliveryError, FailureKind, Platform, Receipt,
    store::{AttemptReport, StartedAttempt},
};

/// How long to wait before a report that the store did not take is given to it again.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// How often a report is given to the store. With the pauses it stays well within the lease; after that the attempt is
/// closed as interrupted by a sweep.
const MAX_REPORTS: u32 = 40;

/// Makes an attempt that is open in the store and settles it.
pub(crate) async fn make(platform: &Platform, attempt: StartedAttempt, timeout: Duration) {
    let result = call(platform, &attempt, timeout).await;
    match &result {
        Ok(_) => tracing::debug!(dispatch.id = %attempt.dispatch, attempt.number, "delivered"),
        Err(error) => tracing::info!(
            dispatch.id = %attempt.dispatch,
            attempt.number,
            provider.kind = %attempt.integration.provider,
            outcome = %integrations_core::AttemptOutcome::from(error.kind),
            error = %error,
            "not delivered"
        ),
    }
    settle(platform, &platform.report(&attempt, result)).await;
}

/// Calls the provider. Neither a call without end nor a panic in it takes the worker along.
async fn call(platform: &Platform, attempt: &StartedAttempt, timeout: Duration) -> Result<Receipt, DeliveryError> {
    let lost = |message: &str| Err(DeliveryError::new(FailureKind::Unconfirmed, message));
    let call = AssertUnwindSafe(platform.attempt(attempt)).catch_unwind();
    match tokio::time::timeout(timeout, call).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => lost("the provider failed in a way that is a defect of it; the message may have arrived"),
        Err(_elapsed) => lost("the attempt took too long; the message may have arrived"),
    }
}

async fn settle(platform: &Platform, report: &AttemptReport) {
    for _ in 0..MAX_REPORTS {
        match platform.settle(std::slice::from_ref(report)).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(
                    dispatch.id = %report.dispatch,
                    error = &error as &dyn std::error::Error,
                    "the end of an attempt could not be stored; trying again"
                );
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
    tracing::error!(dispatch.id = %report.dispatch, "the end of an attempt was not stored; it will be repeated");
}
