//! `/v1/api-keys`: the keys with which programs act for an organization.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use http::StatusCode;
use integrations_core::{ApiKey, ApiKeyId, FieldError, Scope};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Deleted;
use crate::{
    auth::{Manage, Tenant},
    input::Input,
    paging::{List, PageQuery, Wanted},
    path::Id,
    problem::{Answer, Problem},
    schema::{self, Time},
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create_api_key, list_api_keys)).routes(routes!(delete_api_key))
}

/// A new API key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewApiKey {
    /// A name for people, 1 to 64 characters.
    #[schema(example = "mail server")]
    name: String,
    /// What it allows; `manage` includes the others.
    #[schema(schema_with = scopes)]
    scopes: Vec<String>,
}

/// An API key, without its text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
struct ApiKeyBody {
    id: String,
    name: String,
    #[schema(schema_with = scopes)]
    scopes: Vec<&'static str>,
    created_at: Time,
}

/// An API key with its text, which is given out once.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
struct CreatedApiKeyBody {
    #[serde(flatten)]
    stored: ApiKeyBody,
    /// The text to authenticate with. Keep it: it is not stored and cannot be shown again.
    key: String,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        let ApiKey { id, name, scopes, created_at, .. } = key;
        let scopes = scopes.into_iter().map(Scope::as_str).collect();
        Self { id: id.to_string(), name, scopes, created_at: Time(created_at) }
    }
}

fn scopes() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(schema::scope())
}

fn read_scopes(names: &[String]) -> Answer<BTreeSet<Scope>> {
    let read = names.iter().enumerate().map(|(at, name)| {
        let known = || Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
        name.parse().map_err(|_| FieldError::new(format!("/scopes/{at}"), format!("must be one of {}", known())))
    });
    read.collect::<Result<_, _>>().map_err(|error| Problem::invalid(vec![error]))
}

/// Make an API key
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "API keys",
    security(("key" = ["manage"])),
    request_body = NewApiKey,
    responses((status = CREATED, body = CreatedApiKeyBody, description = "The key with its text")),
)]
async fn create_api_key(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Input(new): Input<NewApiKey>,
) -> Answer<(StatusCode, Json<CreatedApiKeyBody>)> {
    let scopes = read_scopes(&new.scopes)?;
    let (key, text) = state.platform.create_api_key(tenant.organization, &new.name, scopes).await?;
    let body = CreatedApiKeyBody { stored: key.into(), key: text.expose_secret().to_owned() };
    Ok((StatusCode::CREATED, Json(body)))
}

/// List the API keys, oldest first
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "API keys",
    security(("key" = ["manage"])),
    params(PageQuery),
    responses((status = OK, body = List<ApiKeyBody>, description = "A page")),
)]
async fn list_api_keys(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Wanted(page): Wanted,
) -> Answer<Json<List<ApiKeyBody>>> {
    Ok(Json(List::of(state.platform.list_api_keys(tenant.organization, page).await?)))
}

/// Delete an API key
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "API keys",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = Deleted, description = "The key is dead")),
)]
async fn delete_api_key(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<ApiKeyId>,
) -> Answer<Json<Deleted>> {
    state.platform.delete_api_key(tenant.organization, id).await?;
    state.keys.forget();
    Ok(Json(Deleted::new(&id)))
}
