//! What each answer of ntfy leads to.

use std::time::Duration;

use integrations_core::{DeliveryError, FailureKind, HttpError, Reach};
use integrations_testkit::scripted_http::{Answer, ScriptedHttp, answer};
use serde_json::json;

use crate::bench::{account, deliver, published, refusal, verify};

fn met_with(answer: Answer) -> DeliveryError {
    deliver(&json!({ "topic": "mail" }), &json!({}), &ScriptedHttp::always(answer)).unwrap_err()
}

#[test]
fn every_refusal_has_its_meaning() {
    let refusals = [
        (400, 40_007, "invalid priority parameter", FailureKind::Rejected),
        (400, 40_009, "topic invalid", FailureKind::Misconfigured),
        (400, 40_010, "topic name is not allowed", FailureKind::Misconfigured),
        (400, 40_024, "request body must be valid JSON", FailureKind::Rejected),
        (401, 40_101, "unauthorized", FailureKind::Unauthorized),
        (403, 40_301, "forbidden", FailureKind::Unauthorized),
        (404, 40_401, "page not found", FailureKind::Unavailable),
        (413, 41_303, "JSON body too large", FailureKind::Rejected),
        (429, 42_901, "too many requests", FailureKind::Throttled),
        (500, 50_001, "internal server error", FailureKind::Unavailable),
        (507, 50_701, "cannot publish to UnifiedPush topic", FailureKind::Unavailable),
    ];
    for (status, code, words, kind) in refusals {
        let error = met_with(Ok(refusal(status, code, words)));
        assert_eq!((error.kind, error.http_status), (kind, Some(status)), "{error}");
        assert!(error.message.contains(&status.to_string()) && !error.message.contains(words), "{error}");
    }
}

#[test]
fn limits_hold_the_whole_account() {
    let error = met_with(Ok(refusal(429, 42_901, "too many requests")));
    assert_eq!((error.kind, error.reach, error.retry_after), (FailureKind::Throttled, Reach::Credential, None));
    let error = met_with(Ok(refusal(429, 42_908, "daily message quota reached")));
    let until_midnight = Duration::from_secs((14 * 60 + 30) * 60);
    assert_eq!((error.kind, error.reach), (FailureKind::Throttled, Reach::Credential));
    assert_eq!(error.retry_after, Some(until_midnight));
}

#[test]
fn what_is_no_answer_of_ntfy_leaves_it_open_whether_the_message_arrived() {
    for answer in [Ok(answer(200, "<html>Welcome")), Ok(answer(200, "{}")), Err(HttpError::Unknown { reason: "reset" })]
    {
        assert_eq!(met_with(answer.clone()).kind, FailureKind::Unconfirmed);
        let error = verify(&json!({ "topic": "mail" }), &json!({}), &ScriptedHttp::always(answer)).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unavailable);
    }
}

#[test]
fn the_id_of_the_message_is_kept() {
    let receipt = deliver(&json!({ "topic": "mail" }), &json!({}), &ScriptedHttp::always(Ok(published()))).unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("hwQ2YpKdmg"));
}

#[test]
fn verification_finds_the_account() {
    let verified = |config, secret, account| verify(&config, &secret, &ScriptedHttp::always(Ok(account))).unwrap();
    let anonymous = verified(json!({ "topic": "mail" }), json!({}), account("*", "anonymous"));
    assert_eq!(anonymous.identity, "https://ntfy.sh/mail");
    assert_eq!(anonymous.details, json!({ "host": "ntfy.sh", "account": null }));
    assert_eq!(anonymous.lanes.credential.key, "https://ntfy.sh/*");

    let own = json!({ "server": "https://ntfy.example", "topic": "mail" });
    let known = verified(own, json!({ "accessToken": crate::bench::TOKEN }), account("phil\u{202e}", "user"));
    assert_eq!(known.identity, "https://ntfy.example/mail");
    assert_eq!(known.details, json!({ "host": "ntfy.example", "account": "phil" }));
    assert_eq!(known.lanes.credential.key, "https://ntfy.example/phil");
}
