//! `POST /v1/events`: what happened, reported ready-made.

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use integrations_core::Published;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::event_input::EventInput;
use crate::{
    auth::{Publish, Tenant},
    input::Input,
    paging::refused,
    problem::{Answer, Code, Problem},
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(publish_event))
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// An event was accepted, now or before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AcceptedEvent)]
pub(super) struct Accepted {
    /// The event.
    pub(super) id: String,
    /// How many dispatches it has.
    pub(super) dispatch_count: u64,
    /// Whether an earlier report of it was accepted.
    pub(super) duplicate: bool,
}

impl Accepted {
    /// What was accepted, or why it was not.
    pub(super) fn or_refusal(published: Published) -> Answer<Self> {
        match published {
            Published::Accepted { id, dispatch_count, duplicate } => {
                Ok(Self { id: id.to_string(), dispatch_count, duplicate })
            }
            Published::UnknownAddress => Err(Problem::new(Code::UnknownAddress)),
            Published::KeyReused => Err(Problem::new(Code::IdempotencyKeyReused)),
            Published::TooMuchWaiting => Err(Problem::new(Code::TooMuchWaiting)),
        }
    }
}

/// Publish an event
///
/// Once this is answered with 202, the event and its dispatches are durable.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "Events",
    security(("key" = ["publish"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255,
         description = "Unique in the organization for 24 hours. The same body again is answered as the first time, \
                        another body is refused. Without it, `emailId` does the same for its address."),
    ),
    request_body = EventInput,
    responses((status = ACCEPTED, body = Accepted, description = "It is accepted and durable")),
)]
async fn publish_event(
    tenant: Tenant<Publish>,
    State(state): State<Api>,
    headers: HeaderMap,
    Input(input): Input<EventInput>,
) -> Answer<(StatusCode, Json<Accepted>)> {
    let event = input.into_event(idempotency_key(&headers)?, &state.long_work).await?;
    let published = state.platform.publish(tenant.organization, vec![event]).await?.pop();
    let accepted = Accepted::or_refusal(published.ok_or_else(|| Problem::new(Code::Internal))?)?;
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

fn idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let fit = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(fit).map(str::to_owned);
    key.map(Some).ok_or_else(|| refused("`Idempotency-Key` must be 1 to 255 visible ASCII characters."))
}
