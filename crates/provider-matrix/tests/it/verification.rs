//! How settings are checked.

use integrations_core::FailureKind;
use integrations_testkit::scripted_http::ScriptedHttp;
use serde_json::json;

use crate::bench::{ROOM, USER, refusal, says, verified, verify};

fn paths(http: &ScriptedHttp) -> Vec<String> {
    http.requests().iter().map(|request| request.url.path().replace("/base/_matrix/client/v3", "")).collect()
}

#[test]
fn account_and_room_are_found() {
    let http = ScriptedHttp::playing(verified().into_iter().map(Ok));
    let connection = verify(ROOM, &http).unwrap();
    let room = format!("/rooms/{ROOM}/state");
    let expected =
        ["/account/whoami".to_owned(), format!("{room}/m.room.member/{USER}"), format!("{room}/m.room.name")];
    assert_eq!(paths(&http), expected);
    assert_eq!(connection.identity, format!("{USER}/{ROOM}"));
    assert_eq!(connection.details, json!({ "userId": USER, "roomName": "Post & Pakete" }));
    assert_eq!(connection.lanes.credential.key, USER);
}

#[test]
fn an_address_becomes_the_room_it_leads_to() {
    let mut answers = verified();
    answers.insert(1, says(&json!({ "room_id": ROOM, "servers": ["example.org"] })));
    let http = ScriptedHttp::playing(answers.into_iter().map(Ok));
    let connection = verify("#post:example.org", &http).unwrap();
    assert_eq!(paths(&http)[1], "/directory/room/%23post:example.org");
    assert_eq!(connection.config["roomId"], ROOM);
}

#[test]
fn a_room_needs_no_name() {
    let mut answers = verified();
    answers[2] = refusal(404, "M_NOT_FOUND", "Event not found.");
    let connection = verify(ROOM, &ScriptedHttp::playing(answers.into_iter().map(Ok))).unwrap();
    assert_eq!(connection.details["roomName"], json!(null));
}

#[test]
fn the_account_must_be_in_the_room() {
    for member in [
        refusal(403, "M_FORBIDDEN", "User not in room"),
        says(&json!({ "membership": "invite" })),
        says(&json!({ "membership": "leave" })),
    ] {
        let answers = [verified().remove(0), member];
        let error = verify(ROOM, &ScriptedHttp::playing(answers.map(Ok))).unwrap_err();
        assert_eq!(error.kind, FailureKind::Gone);
        assert!(error.message.contains("join first"), "{error}");
    }
}
