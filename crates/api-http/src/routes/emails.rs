//! `POST /v1/emails`: raw mail, as mail servers have it.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{RawQuery, Request, State},
};
use http::{HeaderMap, StatusCode};
use inbound_email::{EmailError, Limits};
use integrations_core::{AddressName, EmailReceived, IncomingEvent, Payload, Published, Repeat, store::Recipient};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::events::Accepted;
use crate::{
    auth::{Publish, Tenant},
    body::Allowance,
    input::{is_json, media_type},
    problem::{Answer, Code, Problem},
    state::Api,
};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(publish_email))
}

const MAX_RECIPIENTS: usize = 100;

/// What became of a mail, recipient by recipient.
#[derive(Serialize, ToSchema)]
struct AcceptedMail {
    /// In the order asked; those that differ in case alone are one.
    data: Vec<RecipientResult>,
}

/// What became of a mail at one recipient.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecipientResult {
    recipient: String,
    status: RecipientStatus,
    /// The event; null if the recipient is unknown.
    id: Option<String>,
    /// How many dispatches it has.
    dispatch_count: u64,
    /// Whether the same mail was accepted for this recipient before.
    duplicate: bool,
}

/// Whether the organization has that address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RecipientStatus {
    Accepted,
    Unknown,
}

impl RecipientResult {
    fn unknown(recipient: String) -> Self {
        Self { recipient, status: RecipientStatus::Unknown, id: None, dispatch_count: 0, duplicate: false }
    }

    fn accepted(recipient: String, Accepted { id, dispatch_count, duplicate }: Accepted) -> Self {
        Self { recipient, status: RecipientStatus::Accepted, id: Some(id), dispatch_count, duplicate }
    }
}

/// Publish a raw mail
///
/// All recipients are accepted in one commit. The same raw mail to the same address is a duplicate for 30 days,
/// whatever its Message-ID.
#[utoipa::path(
    post,
    path = "/v1/emails",
    tag = "Events",
    security(("key" = ["publish"])),
    params(("recipient" = Vec<String>, Query, min_items = 1, max_items = 100,
            description = "An address at which the mail arrived; 1 to 100 times.")),
    request_body(content = String, content_type = "message/rfc822", description = "The mail, 25 MiB at most."),
    responses((status = ACCEPTED, body = AcceptedMail, description = "It is accepted and durable")),
)]
async fn publish_email(
    tenant: Tenant<Publish>,
    State(state): State<Api>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answer<(StatusCode, Json<AcceptedMail>)> {
    let recipients = recipients(query.as_deref().unwrap_or_default())?;
    let mail = take_in(&state, &tenant, request).await?;
    let names: Vec<_> = recipients.iter().map(|recipient| AddressName::parse(recipient).ok()).collect();
    let events = names.iter().flatten().map(|name| mail.event_at(name)).collect();
    let mut published = state.platform.publish(tenant.organization, events).await?.into_iter();
    let results = recipients.into_iter().zip(names).map(|(recipient, name)| {
        match name.and_then(|_| published.next()).unwrap_or(Published::UnknownAddress) {
            Published::UnknownAddress => Ok(RecipientResult::unknown(recipient)),
            other => Accepted::or_refusal(other).map(|accepted| RecipientResult::accepted(recipient, accepted)),
        }
    });
    let data = results.collect::<Answer<Vec<_>>>()?;
    if data.iter().all(|result| result.id.is_none()) {
        return Err(Problem::new(Code::UnknownAddress).detail("The organization has none of these addresses."));
    }
    Ok((StatusCode::ACCEPTED, Json(AcceptedMail { data })))
}

/// The recipients of the query, each once.
fn recipients(query: &str) -> Answer<Vec<String>> {
    // A form would mean a space by the plus sign; an address means itself.
    let query = query.replace('+', "%2B");
    let pairs = form_urlencoded::parse(query.as_bytes());
    let asked: Vec<_> = pairs.filter(|(name, _)| name == "recipient").map(|(_, text)| text.into_owned()).collect();
    if !(1..=MAX_RECIPIENTS).contains(&asked.len()) {
        return Err(Problem::new(Code::TooManyRecipients));
    }
    let mut seen = HashSet::new();
    Ok(asked.into_iter().filter(|recipient| seen.insert(recipient.trim().to_ascii_lowercase())).collect())
}

/// A mail that was read.
struct Mail {
    email: EmailReceived,
    hash: [u8; 32],
}

impl Mail {
    fn event_at(&self, name: &AddressName) -> IncomingEvent {
        IncomingEvent {
            recipient: Recipient::Name(name.to_string()),
            // Not the date in the mail, which is whatever the sender says.
            occurred_at: None,
            payload: Payload::EmailReceived(self.email.clone()),
            repeat: Some(Repeat::RawMail { hash: self.hash }),
        }
    }
}

/// Takes the body in and reads it.
async fn take_in(state: &Api, tenant: &Tenant<Publish>, request: Request) -> Answer<Mail> {
    let (parts, body) = request.into_parts();
    refuse_json(&parts.headers)?;
    let limits = &state.limits;
    let allowance = Allowance { bytes: limits.mail_bytes, pause: limits.mail_pause, time: limits.mail_time };
    let mut share = state.intake.share(tenant.organization);
    let raw = allowance.read(&parts.headers, body, Some(&mut share)).await?;
    let limits = Limits { message_bytes: limits.mail_bytes, ..Limits::default() };
    let read = state.long_work.run(raw.len(), move || {
        // The bytes count until they are gone.
        let _share = share;
        let hash = Sha256::digest(&raw).into();
        inbound_email::parse(&raw, &limits).map(|parsed| Mail { email: parsed.email, hash })
    });
    read.await?.map_err(|error| match error {
        EmailError::TooLarge { .. } => Problem::new(Code::PayloadTooLarge),
        other => Problem::new(Code::UnreadableMail).detail(format!("Unreadable: {other}.")),
    })
}

/// Anything may be called a mail but what says that it is something else for sure.
fn refuse_json(headers: &HeaderMap) -> Answer<()> {
    if media_type(headers).is_some_and(is_json) {
        return Err(Problem::new(Code::UnsupportedMediaType).detail("Send message/rfc822."));
    }
    Ok(())
}
