//! What the services answer, and what each of their refusals means for us.
//!
//! All of them name what is the matter: Slack's webhooks in plain text, its methods, Mattermost and Rocket.Chat in
//! JSON. The name counts first, and the status where the name is not known.

use integrations_core::{DeliveryError, FailureKind, HttpResponse};
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// Whose token it is.
#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) team: String,
    pub(crate) team_id: String,
    pub(crate) user: String,
    pub(crate) user_id: String,
}

/// A posted message. Its time is its id within the channel.
#[derive(Deserialize)]
pub(crate) struct Posted {
    pub(crate) ts: String,
}

/// The JSON of a refusal, or of a success: `ok` is Slack's, `success` Rocket.Chat's; `error` is of both, and `id`
/// Mattermost's.
#[derive(Default, Deserialize)]
struct Verdict {
    ok: Option<bool>,
    success: Option<bool>,
    error: Option<String>,
    id: Option<String>,
}

/// Reads what a webhook answered. Slack and Mattermost say `ok`.
pub(crate) fn of_webhook(answer: &HttpResponse, now: Timestamp) -> Result<(), DeliveryError> {
    let verdict: Verdict = answer.json().unwrap_or_default();
    if let Some(error) = DeliveryError::from_answer(answer, now) {
        return Err(judged(error, &name(answer, verdict)));
    }
    match verdict.success {
        Some(true) => Ok(()),
        Some(false) => Err(judged(refused(answer), &name(answer, verdict))),
        None if answer.body.trim_ascii() == b"ok" => Ok(()),
        None => Err(unreadable(answer)),
    }
}

/// Reads what a method answered: its refusals come with the status 200
/// (<https://docs.slack.dev/apis/web-api/#responses>).
pub(crate) fn of_bot<T: DeserializeOwned>(answer: &HttpResponse, now: Timestamp) -> Result<T, DeliveryError> {
    let verdict: Verdict = answer.json().unwrap_or_default();
    if let Some(error) = DeliveryError::from_answer(answer, now) {
        return Err(judged(error, &name(answer, verdict)));
    }
    match verdict.ok {
        Some(true) => answer.json().ok_or_else(|| unreadable(answer)),
        Some(false) => Err(judged(refused(answer), &name(answer, verdict))),
        None => Err(unreadable(answer)),
    }
}

fn refused(answer: &HttpResponse) -> DeliveryError {
    DeliveryError::new(FailureKind::Rejected, "the service refused the message").with_status(answer.status)
}

fn unreadable(answer: &HttpResponse) -> DeliveryError {
    DeliveryError::new(FailureKind::Unconfirmed, "the answer of the service cannot be read").with_status(answer.status)
}

/// What the service calls the matter.
fn name(answer: &HttpResponse, verdict: Verdict) -> String {
    let text = || String::from_utf8_lossy(&answer.body).trim().to_owned();
    verdict.error.or(verdict.id).unwrap_or_else(text)
}

/// The error as the service means it. Limits, redirects and troubles of the server speak for themselves.
fn judged(error: DeliveryError, name: &str) -> DeliveryError {
    use FailureKind as Kind;
    if matches!(error.kind, Kind::Throttled | Kind::Unavailable | Kind::Misconfigured) {
        return error;
    }
    let status = error.http_status.unwrap_or_default();
    let name = unwrapped(name, status);
    let meaning = MEANINGS.iter().find(|(_, _, names)| names.contains(&name));
    let (kind, advice) = match meaning {
        Some((kind, advice, _)) => (*kind, *advice),
        None if status == 404 => (Kind::Gone, "there is no webhook at this URL"),
        None => return error,
    };
    DeliveryError { kind, message: format!("{advice} (HTTP status {status})"), ..error }
}

/// The name itself. Newer servers of Mattermost put one name before all that go wrong once a message is read, and keep
/// the status (`incomingWebhook` in
/// <https://github.com/mattermost/mattermost/blob/master/server/channels/web/webhook.go>).
fn unwrapped(name: &str, status: u16) -> &str {
    match (name, status) {
        ("web.incoming_webhook.general.app_error", 400) => "web.incoming_webhook.invalid.app_error",
        ("web.incoming_webhook.general.app_error", 403) => "web.incoming_webhook.permissions.app_error",
        ("web.incoming_webhook.general.app_error", 404) => "web.incoming_webhook.channel.app_error",
        _ => name,
    }
}

/// What the names mean: of webhooks
/// (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors>), of methods
/// (<https://docs.slack.dev/reference/methods/chat.postMessage#errors>), of Mattermost (`HandleIncomingWebhook` in
/// <https://github.com/mattermost/mattermost/blob/master/server/channels/app/webhook.go>), and of Rocket.Chat
/// (`processWebhookMessage.ts`, `canSendMessage.ts` and `integrations/server/api/api.ts` in
/// <https://github.com/RocketChat/Rocket.Chat/tree/develop/apps/meteor/app>), whose names are sentences at times.
const MEANINGS: &[(FailureKind, &str, &[&str])] = &[
    (
        FailureKind::Gone,
        "the channel is not there, archived or closed to the sender; look at its settings, or invite the bot",
        &[
            "channel_not_found",
            "channel_is_archived",
            "is_archived",
            "not_in_channel",
            "user_not_found",
            "action_prohibited",
            "posting_to_general_channel_denied",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "web.incoming_webhook.channel.app_error",
            "web.incoming_webhook.channel_locked.app_error",
            "web.incoming_webhook.permissions.app_error",
            "app.channel.get.existing.app_error",
            "invalid-channel",
            "error-invalid-room",
            "error-not-allowed",
            "room_is_blocked",
            "You_have_been_muted",
            "You can't send messages because the room is readonly.",
        ],
    ),
    (
        FailureKind::Unauthorized,
        "the webhook is not valid any more; make a new one",
        &[
            "invalid_token",
            "no_service",
            "no_service_id",
            "no_active_hooks",
            "no_team",
            "team_disabled",
            "web.incoming_webhook.invalid.app_error",
            "web.incoming_webhook.user.app_error",
            "Invalid integration id or token provided.",
        ],
    ),
    (
        FailureKind::Unauthorized,
        "Slack refuses the bot token, or it lacks the scope chat:write; install the app anew",
        &[
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "access_denied",
            "accesslimited",
            "ekm_access_denied",
            "org_login_required",
            "team_access_not_granted",
        ],
    ),
    (FailureKind::Throttled, "the service asks to wait", &["ratelimited", "rate_limited", "message_limit_exceeded"]),
    (
        FailureKind::Unavailable,
        "the service has trouble",
        &["service_unavailable", "team_added_to_org", "request_timeout"],
    ),
    // Slack says of these that part of the call may have succeeded.
    (FailureKind::Unconfirmed, "the service had trouble with the message", &["internal_error", "fatal_error"]),
];
