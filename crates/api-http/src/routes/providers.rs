//! `/v1/providers`: the kinds of services that messages can be sent to.

use axum::{Json, extract::State};
use integrations_core::{DynProvider, provider::Place};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{Manage, Permit, Read},
    input::Input,
    paging::List,
    path::Id,
    problem::Answer,
    schema,
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list_providers))
        .routes(routes!(read_provider))
        .routes(routes!(list_targets))
}

/// A kind of service.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Provider)]
struct ProviderBody {
    #[schema(example = "telegram")]
    kind: &'static str,
    /// Its name for people.
    name: &'static str,
    /// The events that it can deliver.
    #[schema(schema_with = event_types)]
    event_types: Vec<&'static str>,
    /// The JSON Schema of `config`; secrets are marked `writeOnly`.
    #[schema(value_type = Object)]
    config_schema: Value,
    /// How to set it up: steps in Markdown.
    setup: &'static str,
}

impl From<&dyn DynProvider> for ProviderBody {
    fn from(provider: &dyn DynProvider) -> Self {
        let description = provider.description();
        Self {
            kind: provider.kind(),
            name: description.name,
            event_types: description.event_types.iter().map(|event| event.as_str()).collect(),
            config_schema: provider.config_schema(),
            setup: description.setup,
        }
    }
}

/// The credentials known so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The provider's form, as far as it is filled in: the credentials at least.
    config: Map<String, Value>,
}

/// A place that messages could be sent to.
#[derive(Serialize, ToSchema)]
struct Target {
    /// What to put into the configuration.
    id: String,
    /// Its name for people.
    label: String,
    /// What sort of place it is.
    #[schema(example = "group")]
    kind: String,
}

impl From<Place> for Target {
    fn from(place: Place) -> Self {
        let Place { id, label, kind } = place;
        Self { id, label, kind }
    }
}

pub(super) fn event_types() -> utoipa::openapi::schema::Array {
    utoipa::openapi::schema::Array::new(schema::event_type())
}

/// List the providers
#[utoipa::path(
    get,
    path = "/v1/providers",
    tag = "Providers",
    security(("key" = ["read"])),
    responses((status = OK, body = List<ProviderBody>, description = "All of them")),
)]
async fn list_providers(_: Permit<Read>, State(state): State<Api>) -> Json<List<ProviderBody>> {
    Json(List::whole(state.platform.providers().map(|provider| provider.as_ref().into()).collect()))
}

/// Read a provider
#[utoipa::path(
    get,
    path = "/v1/providers/{kind}",
    tag = "Providers",
    security(("key" = ["read"])),
    params(("kind" = String, Path)),
    responses((status = OK, body = ProviderBody, description = "The provider")),
)]
async fn read_provider(_: Permit<Read>, State(state): State<Api>, Id(kind): Id<String>) -> Answer<Json<ProviderBody>> {
    Ok(Json(state.platform.provider(&kind)?.as_ref().into()))
}

/// List the places that credentials could send to
///
/// For example the chats that a bot has seen. Limited per key, since it reaches the provider's service.
#[utoipa::path(
    post,
    path = "/v1/providers/{kind}/targets",
    tag = "Providers",
    security(("key" = ["manage"])),
    params(("kind" = String, Path)),
    request_body = Credentials,
    responses((status = OK, body = List<Target>, description = "The places")),
)]
async fn list_targets(
    permit: Permit<Manage>,
    State(state): State<Api>,
    Id(kind): Id<String>,
    Input(credentials): Input<Credentials>,
) -> Answer<Json<List<Target>>> {
    state.platform.provider(&kind)?;
    state.count_provider_call(&permit.caller)?;
    let places = state.platform.targets(&kind, credentials.config).await?;
    Ok(Json(List::whole(places.into_iter().map(Target::from).collect())))
}
