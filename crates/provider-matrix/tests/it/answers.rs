//! What each answer of a homeserver leads to.

use std::time::Duration;

use http::header::RETRY_AFTER;
use integrations_core::{DeliveryError, FailureKind, HttpError, Reach};
use integrations_testkit::{
    sample,
    scripted_http::{Answer, ScriptedHttp, answer, with_header},
};
use serde_json::json;

use crate::bench::{EVENT, deliver, refusal, sent};

fn met_with(answer: Answer) -> DeliveryError {
    deliver(sample::mail(), &ScriptedHttp::always(answer)).unwrap_err()
}

#[test]
fn every_refusal_has_its_meaning() {
    let refusals = [
        (400, "M_BAD_JSON", FailureKind::Rejected),
        (401, "M_UNKNOWN_TOKEN", FailureKind::Unauthorized),
        (401, "M_MISSING_TOKEN", FailureKind::Unauthorized),
        (401, "M_USER_LOCKED", FailureKind::Unauthorized),
        (403, "M_USER_DEACTIVATED", FailureKind::Unauthorized),
        (403, "M_USER_SUSPENDED", FailureKind::Unauthorized),
        (403, "M_FORBIDDEN", FailureKind::Gone),
        (403, "M_CONSENT_NOT_GIVEN", FailureKind::Gone),
        (403, "M_RESOURCE_LIMIT_EXCEEDED", FailureKind::Unavailable),
        (404, "M_NOT_FOUND", FailureKind::Gone),
        (404, "M_UNRECOGNIZED", FailureKind::Unavailable),
        (405, "M_UNRECOGNIZED", FailureKind::Rejected),
        (413, "M_TOO_LARGE", FailureKind::Rejected),
        (429, "M_LIMIT_EXCEEDED", FailureKind::Throttled),
        (500, "M_UNKNOWN", FailureKind::Unavailable),
        (502, "M_UNKNOWN", FailureKind::Unavailable),
    ];
    for (status, errcode, kind) in refusals {
        let error = met_with(Ok(refusal(status, errcode, "words from inside")));
        assert_eq!((error.kind, error.http_status), (kind, Some(status)), "{errcode}");
        assert!(error.message.contains(&status.to_string()) && !error.message.contains("inside"), "{error}");
    }
}

#[test]
fn waits_come_in_either_form_and_hold_the_whole_account() {
    let body = json!({ "errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 4_321 });
    let old = answer(429, body.to_string());
    let error = met_with(Ok(old.clone()));
    assert_eq!((error.reach, error.retry_after), (Reach::Credential, Some(Duration::from_millis(4_321))));
    let error = met_with(Ok(with_header(old, RETRY_AFTER, "5")));
    assert_eq!((error.reach, error.retry_after), (Reach::Credential, Some(Duration::from_secs(5))));
}

#[test]
fn a_message_that_may_have_arrived_is_simply_sent_again() {
    for lost in [Err(HttpError::Unknown { reason: "reset" }), Ok(answer(200, "<html>")), Ok(answer(200, "{}"))] {
        assert_eq!(met_with(lost).kind, FailureKind::Unavailable);
    }
}

#[test]
fn the_id_of_the_event_is_kept() {
    let receipt = deliver(sample::mail(), &ScriptedHttp::always(Ok(sent()))).unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some(EVENT));
}
