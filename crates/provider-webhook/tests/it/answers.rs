//! What each answer of a receiver leads to.

use std::time::Duration;

use http::header::{LOCATION, RETRY_AFTER};
use integrations_core::{DeliveryError, FailureKind, HttpError, provider::Service};
use integrations_testkit::{
    sample,
    scripted_http::{Answer, ScriptedHttp, answer, with_header},
};
use serde_json::json;

use crate::bench::{KEY, URL, message, post};

fn met_with(answer: Answer) -> Result<(), DeliveryError> {
    let event = sample::event(sample::mail());
    let http = ScriptedHttp::always(answer);
    let service = Service { http: &http, now: sample::morning() };
    post(&json!({ "url": URL }), &json!({ "signingSecret": KEY }), &message(&event), service).map(drop)
}

#[test]
fn every_2xx_is_a_success() {
    for status in [200, 201, 202, 204, 299] {
        met_with(Ok(answer(status, "<html>"))).unwrap();
    }
}

#[test]
fn every_other_status_has_its_meaning() {
    let meanings = [
        (301, FailureKind::Misconfigured),
        (308, FailureKind::Misconfigured),
        (400, FailureKind::Rejected),
        (401, FailureKind::Unauthorized),
        (403, FailureKind::Unauthorized),
        (404, FailureKind::Unavailable),
        (408, FailureKind::Unavailable),
        (409, FailureKind::Rejected),
        (410, FailureKind::Gone),
        (413, FailureKind::Rejected),
        (418, FailureKind::Rejected),
        (429, FailureKind::Throttled),
        (500, FailureKind::Unavailable),
        (502, FailureKind::Unavailable),
        (503, FailureKind::Unavailable),
        (504, FailureKind::Unavailable),
    ];
    for (status, kind) in meanings {
        let answer = with_header(answer(status, "words from inside"), LOCATION, "https://inside.example/");
        let error = met_with(Ok(answer)).unwrap_err();
        assert_eq!((error.kind, error.http_status), (kind, Some(status)), "{error}");
        assert!(error.message.contains(&status.to_string()) && !error.message.contains("inside"), "{error}");
    }
}

#[test]
fn the_receiver_says_when_to_come_again() {
    for (status, kind) in
        [(429, FailureKind::Throttled), (502, FailureKind::Unavailable), (503, FailureKind::Unavailable)]
    {
        let error = met_with(Ok(with_header(answer(status, ""), RETRY_AFTER, "120"))).unwrap_err();
        assert_eq!((error.kind, error.retry_after), (kind, Some(Duration::from_secs(120))));
    }
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let error = met_with(Err(HttpError::Unknown { reason: "timed out" })).unwrap_err();
    assert_eq!(error.kind, FailureKind::Unavailable);
    assert_eq!(error.message, "no answer: timed out");
}

#[test]
fn a_private_address_is_a_wrong_setting() {
    assert_eq!(met_with(Err(HttpError::Blocked)).unwrap_err().kind, FailureKind::Misconfigured);
}
