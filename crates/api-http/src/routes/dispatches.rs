//! `/v1/dispatches`: what became of each event at each integration.

use axum::{Json, extract::State};
use integrations_core::{DispatchId, DispatchStatus, PlatformError, store::DispatchFilter};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::dispatch_body::{DispatchBody, DispatchWithAttempts};
use crate::{
    auth::{Manage, Read, Tenant},
    paging::{List, PageQuery, Params, Wanted, refused},
    path::Id,
    problem::{Answer, Code, Problem},
    schema,
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list_dispatches))
        .routes(routes!(read_dispatch))
        .routes(routes!(replay_dispatch))
        .routes(routes!(cancel_dispatch))
}

/// Which dispatches to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct FilterQuery {
    /// Those to this integration.
    integration_id: Option<String>,
    /// Those of this address.
    address_id: Option<String>,
    /// Those in this status.
    #[param(schema_with = schema::dispatch_status)]
    status: Option<String>,
}

impl FilterQuery {
    /// The filter; `None` if nothing can match it, since an identifier is none.
    fn read(self) -> Answer<Option<DispatchFilter>> {
        let known = || DispatchStatus::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(", ");
        let status = self.status.map(|text| text.parse()).transpose();
        let status = status.map_err(|_| refused(format!("`status` must be one of {}.", known())))?;
        let integration = self.integration_id.map(|text| text.parse()).transpose();
        let address = self.address_id.map(|text| text.parse()).transpose();
        let (Ok(integration), Ok(address)) = (integration, address) else { return Ok(None) };
        Ok(Some(DispatchFilter { integration, address, status }))
    }
}

/// List the dispatches, newest first
#[utoipa::path(
    get,
    path = "/v1/dispatches",
    tag = "Dispatches",
    security(("key" = ["read"])),
    params(FilterQuery, PageQuery),
    responses((status = OK, body = List<DispatchBody>, description = "A page")),
)]
async fn list_dispatches(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Params(filter): Params<FilterQuery>,
    Wanted(page): Wanted,
) -> Answer<Json<List<DispatchBody>>> {
    let Some(filter) = filter.read()? else { return Ok(Json(List::whole(Vec::new()))) };
    Ok(Json(List::of(state.platform.list_dispatches(tenant.organization, filter, page).await?)))
}

/// Read a dispatch with its attempts
#[utoipa::path(
    get,
    path = "/v1/dispatches/{id}",
    tag = "Dispatches",
    security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses((status = OK, body = DispatchWithAttempts, description = "The dispatch")),
)]
async fn read_dispatch(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Id(id): Id<DispatchId>,
) -> Answer<Json<DispatchWithAttempts>> {
    let (dispatch, attempts) = state.platform.dispatch(tenant.organization, id).await?;
    Ok(Json(DispatchWithAttempts::of(dispatch, attempts)))
}

/// Send a failed or canceled dispatch again
///
/// In a fresh retry window.
#[utoipa::path(
    post,
    path = "/v1/dispatches/{id}/replay",
    tag = "Dispatches",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = DispatchBody, description = "The dispatch as it is now")),
)]
async fn replay_dispatch(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<DispatchId>,
) -> Answer<Json<DispatchBody>> {
    let replayed = state.platform.replay_dispatch(tenant.organization, id).await;
    Ok(Json(replayed.map_err(|error| refusal(Code::DispatchNotReplayable, error))?.into()))
}

/// Cancel a waiting dispatch
#[utoipa::path(
    post,
    path = "/v1/dispatches/{id}/cancel",
    tag = "Dispatches",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = DispatchBody, description = "The dispatch as it is now")),
)]
async fn cancel_dispatch(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<DispatchId>,
) -> Answer<Json<DispatchBody>> {
    let canceled = state.platform.cancel_dispatch(tenant.organization, id).await;
    Ok(Json(canceled.map_err(|error| refusal(Code::DispatchNotCancelable, error))?.into()))
}

fn refusal(code: Code, error: PlatformError) -> Problem {
    match error {
        PlatformError::WrongStatus(status) => {
            Problem::new(code).detail(format!("{} This one is {status}.", code.meaning()))
        }
        PlatformError::NobodyWaits => {
            Problem::new(code).detail(format!("{} This one's integration or address is deleted.", code.meaning()))
        }
        other => other.into(),
    }
}
