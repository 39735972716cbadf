//! What each answer leads to.

use std::time::Duration;

use http::header::RETRY_AFTER;
use integrations_core::{DeliveryError, FailureKind, HttpError};
use integrations_testkit::scripted_http::{Answer, ScriptedHttp, answer, with_header};
use serde_json::json;

use crate::bench::{Via, deliver, says};

/// What newer servers of Mattermost say to almost everything.
const GENERAL: &str = "web.incoming_webhook.general.app_error";

fn met_with(via: Via, answer: Answer) -> DeliveryError {
    deliver(via, &ScriptedHttp::always(answer)).unwrap_err()
}

#[test]
fn every_refusal_has_its_meaning() {
    use FailureKind as Kind;
    use Via::{Mattermost, RocketChat, SlackBot, SlackWebhook};
    let refusals = [
        (SlackWebhook, 400, "invalid_payload", Kind::Rejected),
        (SlackWebhook, 400, "no_text", Kind::Rejected),
        (SlackWebhook, 400, "user_not_found", Kind::Gone),
        (SlackWebhook, 403, "action_prohibited", Kind::Gone),
        (SlackWebhook, 403, "invalid_token", Kind::Unauthorized),
        (SlackWebhook, 404, "channel_not_found", Kind::Gone),
        (SlackWebhook, 404, "no_service", Kind::Unauthorized),
        (SlackWebhook, 404, "<html>", Kind::Gone),
        (SlackWebhook, 410, "channel_is_archived", Kind::Gone),
        (SlackWebhook, 500, "rollup_error", Kind::Unavailable),
        (SlackBot, 200, "not_in_channel", Kind::Gone),
        (SlackBot, 200, "channel_not_found", Kind::Gone),
        (SlackBot, 200, "is_archived", Kind::Gone),
        (SlackBot, 200, "restricted_action", Kind::Gone),
        (SlackBot, 200, "invalid_auth", Kind::Unauthorized),
        (SlackBot, 200, "account_inactive", Kind::Unauthorized),
        (SlackBot, 200, "token_revoked", Kind::Unauthorized),
        (SlackBot, 200, "missing_scope", Kind::Unauthorized),
        (SlackBot, 200, "msg_too_long", Kind::Rejected),
        (SlackBot, 200, "a_name_of_tomorrow", Kind::Rejected),
        (SlackBot, 200, "ratelimited", Kind::Throttled),
        (SlackBot, 200, "service_unavailable", Kind::Unavailable),
        (SlackBot, 200, "internal_error", Kind::Unconfirmed),
        (SlackBot, 200, "fatal_error", Kind::Unconfirmed),
        (SlackBot, 200, "restricted_action_thread_only_channel", Kind::Gone),
        (SlackBot, 200, "request_timeout", Kind::Unavailable),
        (Mattermost, 400, "web.incoming_webhook.invalid.app_error", Kind::Unauthorized),
        (Mattermost, 400, "web.incoming_webhook.text.app_error", Kind::Rejected),
        (Mattermost, 400, "web.incoming_webhook.decode.app_error", Kind::Rejected),
        (Mattermost, 403, "web.incoming_webhook.channel_locked.app_error", Kind::Gone),
        (Mattermost, 403, "web.incoming_webhook.user.app_error", Kind::Unauthorized),
        (Mattermost, 404, "web.incoming_webhook.channel.app_error", Kind::Gone),
        (Mattermost, 404, "app.channel.get.existing.app_error", Kind::Gone),
        (Mattermost, 501, "web.incoming_webhook.disabled.app_error", Kind::Unavailable),
        (Mattermost, 400, GENERAL, Kind::Unauthorized),
        (Mattermost, 403, GENERAL, Kind::Gone),
        (Mattermost, 404, GENERAL, Kind::Gone),
        (Mattermost, 413, GENERAL, Kind::Rejected),
        (Mattermost, 500, GENERAL, Kind::Unavailable),
        (RocketChat, 400, "invalid-channel", Kind::Gone),
        (RocketChat, 400, "error-invalid-room", Kind::Gone),
        (RocketChat, 400, "error-not-allowed", Kind::Gone),
        (RocketChat, 400, "room_is_blocked", Kind::Gone),
        (RocketChat, 400, "You_have_been_muted", Kind::Gone),
        (RocketChat, 400, "You can't send messages because the room is readonly.", Kind::Gone),
        (RocketChat, 400, "Invalid integration id or token provided.", Kind::Unauthorized),
        (RocketChat, 404, "Invalid integration id or token provided.", Kind::Unauthorized),
        (RocketChat, 400, "unknown-error", Kind::Rejected),
        (RocketChat, 503, "Service Unavailable", Kind::Unavailable),
    ];
    for (via, status, name, kind) in refusals {
        let error = met_with(via, Ok(via.refusal(status, name)));
        assert_eq!((error.kind, error.http_status), (kind, Some(status)), "{via:?} {name}");
        assert!(!error.message.contains(name), "{error}");
    }
}

#[test]
fn where_a_name_says_nothing_the_status_tells_what_to_do() {
    for (status, advice) in [(400, "make a new one"), (403, "the channel is"), (404, "the channel is")] {
        let error = met_with(Via::Mattermost, Ok(Via::Mattermost.refusal(status, GENERAL)));
        assert!(error.message.contains(advice), "{error}");
    }
}

#[test]
fn a_success_is_said_in_the_words_of_the_service() {
    for via in Via::ALL {
        let receipt = deliver(via, &ScriptedHttp::always(Ok(via.delivered()))).unwrap();
        assert_eq!(receipt.remote_id.as_deref(), (via == Via::SlackBot).then_some("1767259801.000100"));
        let others = ["", "<html>ok</html>", "{}", "{\"ok\":null}", "[]"];
        for doubtful in
            others.map(|body| Ok(answer(200, body))).into_iter().chain([Err(HttpError::Unknown { reason: "reset" })])
        {
            assert_eq!(met_with(via, doubtful).kind, FailureKind::Unconfirmed, "{via:?}");
        }
    }
    let without_time = says(200, &json!({ "ok": true }));
    assert_eq!(met_with(Via::SlackBot, Ok(without_time)).kind, FailureKind::Unconfirmed);
}

#[test]
fn waits_are_kept() {
    for via in Via::ALL {
        let error = met_with(via, Ok(with_header(via.refusal(429, "ratelimited"), RETRY_AFTER, "30")));
        assert_eq!((error.kind, error.retry_after), (FailureKind::Throttled, Some(Duration::from_secs(30))));
    }
}
