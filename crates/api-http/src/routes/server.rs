//! `/livez`, `/readyz`, `/openapi.json`: about the server itself, for everybody.

use std::sync::LazyLock;

use axum::{Json, extract::State, response::IntoResponse};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use integrations_core::PlatformError;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    openapi::openapi,
    problem::{Answer, Code, Problem},
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(read_liveness))
        .routes(routes!(read_readiness))
        .routes(routes!(read_openapi))
}

/// It is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Tell whether the server runs
#[utoipa::path(
    get,
    path = "/livez",
    tag = "Server",
    security(()),
    responses((status = OK, body = Health, description = "It runs")),
)]
async fn read_liveness() -> Json<Health> {
    OK
}

/// Tell whether the server can take requests
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Server",
    security(()),
    responses((status = OK, body = Health, description = "It can")),
)]
async fn read_readiness(State(state): State<Api>) -> Answer<Json<Health>> {
    if !(state.ready)() {
        return Err(Problem::new(Code::ShuttingDown));
    }
    if !(state.queue_reached)() {
        return Err(Problem::new(Code::QueueUnavailable));
    }
    state.platform.ports().store.canary().await.map_err(PlatformError::from)?;
    Ok(OK)
}

/// Read this document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Server",
    security(()),
    responses((status = OK, description = "The OpenAPI document", body = Object)),
)]
async fn read_openapi() -> impl IntoResponse {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| openapi().into());
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}
