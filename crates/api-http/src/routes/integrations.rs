//! `/v1/integrations`: connections to one destination of one provider each.

use axum::{Json, extract::State};
use http::StatusCode;
use integrations_core::{IntegrationId, IntegrationInput, IntegrationPatch, StatusWish};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::integration_body::IntegrationBody;
use crate::{
    auth::{Manage, Permit, Read, Tenant},
    input::{Input, given},
    paging::{List, PageQuery, Wanted},
    path::Id,
    problem::Answer,
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(create_integration, list_integrations))
        .routes(routes!(validate_integration))
        .routes(routes!(read_integration, update_integration, delete_integration))
        .routes(routes!(test_integration))
}

/// A connection as a user fills it in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewIntegration {
    /// The provider's kind.
    #[schema(example = "telegram")]
    provider: String,
    /// A name for people, 1 to 64 characters, unique in the organization.
    #[schema(example = "Support chat")]
    name: String,
    /// The provider's form; its `configSchema` says what belongs into it.
    config: Map<String, Value>,
    /// Whether to send a test message too.
    #[serde(default)]
    send_test: bool,
}

impl NewIntegration {
    fn input(self) -> IntegrationInput {
        IntegrationInput { provider: self.provider, name: self.name, config: self.config }
    }
}

/// What the provider's service confirmed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Validation {
    provider: String,
    name: String,
    #[schema(value_type = Object)]
    public_config: Value,
}

/// A change of an integration. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IntegrationChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// A JSON Merge Patch (RFC 7396) of the provider's form. Absent secrets are kept, unless a field changes that
    /// decides where messages go: then every secret must be given again, or be removed with `null`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    config: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    status: Option<WantedStatus>,
}

impl IntegrationChange {
    /// Whether the provider's service is asked about it.
    fn is_verified(&self) -> bool {
        self.config.is_some() || matches!(self.status, Some(WantedStatus::Active))
    }
}

/// The status that a user may wish for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WantedStatus {
    /// Verified and used; what was held goes out.
    Active,
    /// What comes is held.
    Paused,
}

impl From<IntegrationChange> for IntegrationPatch {
    fn from(change: IntegrationChange) -> Self {
        let status = change.status.map(|status| match status {
            WantedStatus::Active => StatusWish::Active,
            WantedStatus::Paused => StatusWish::Paused,
        });
        Self { name: change.name, config: change.config, status }
    }
}

/// What went with an integration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedIntegration {
    id: String,
    /// Always true.
    deleted: bool,
    /// How many addresses had subscribed it.
    cleared_address_count: u64,
    /// How many dispatches were waiting for it.
    canceled_dispatch_count: u64,
}

/// A test message arrived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TestDelivery {
    /// Always true.
    delivered: bool,
    /// The service's own identifier of the message.
    remote_id: Option<String>,
}

/// Check what a user filled in with the provider's service
///
/// Stores nothing. Limited per key.
#[utoipa::path(
    post,
    path = "/v1/integrations/validate",
    tag = "Integrations",
    security(("key" = ["manage"])),
    request_body = NewIntegration,
    responses((status = OK, body = Validation, description = "The service accepts it")),
)]
async fn validate_integration(
    permit: Permit<Manage>,
    State(state): State<Api>,
    Input(new): Input<NewIntegration>,
) -> Answer<Json<Validation>> {
    state.count_provider_call(&permit.caller)?;
    let (provider, send_test) = (new.provider.clone(), new.send_test);
    let (name, connection) = state.platform.validate_integration(new.input(), send_test).await?;
    Ok(Json(Validation { provider, name, public_config: connection.public() }))
}

/// Connect the organization to a destination
///
/// Verified with the provider's service first. Limited per key.
#[utoipa::path(
    post,
    path = "/v1/integrations",
    tag = "Integrations",
    security(("key" = ["manage"])),
    request_body = NewIntegration,
    responses((status = CREATED, body = IntegrationBody, description = "The integration")),
)]
async fn create_integration(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Input(new): Input<NewIntegration>,
) -> Answer<(StatusCode, Json<IntegrationBody>)> {
    state.count_provider_call(&tenant.caller)?;
    let (platform, send_test, input) = (&state.platform, new.send_test, new.input());
    if send_test {
        platform.validate_integration(input.clone(), true).await?;
    }
    let view = platform.create_integration(tenant.organization, input).await?;
    Ok((StatusCode::CREATED, Json(IntegrationBody::of(view, platform))))
}

/// List the integrations, oldest first
#[utoipa::path(
    get,
    path = "/v1/integrations",
    tag = "Integrations",
    security(("key" = ["read"])),
    params(PageQuery),
    responses((status = OK, body = List<IntegrationBody>, description = "A page")),
)]
async fn list_integrations(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Wanted(page): Wanted,
) -> Answer<Json<List<IntegrationBody>>> {
    let page = state.platform.list_integrations(tenant.organization, page).await?;
    Ok(Json(List::of(page.map(|view| IntegrationBody::of(view, &state.platform)))))
}

/// Read an integration
#[utoipa::path(
    get,
    path = "/v1/integrations/{id}",
    tag = "Integrations",
    security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses((status = OK, body = IntegrationBody, description = "The integration")),
)]
async fn read_integration(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Id(id): Id<IntegrationId>,
) -> Answer<Json<IntegrationBody>> {
    let view = state.platform.integration(tenant.organization, id).await?;
    Ok(Json(IntegrationBody::of(view, &state.platform)))
}

/// Change an integration
///
/// A changed configuration and a wish for `active` are verified with the provider's service first, and used from the
/// next attempt on; such changes are limited per key.
#[utoipa::path(
    patch,
    path = "/v1/integrations/{id}",
    tag = "Integrations",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    request_body = IntegrationChange,
    responses((status = OK, body = IntegrationBody, description = "The integration as it is now")),
)]
async fn update_integration(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<IntegrationId>,
    Input(change): Input<IntegrationChange>,
) -> Answer<Json<IntegrationBody>> {
    if change.is_verified() {
        state.count_provider_call(&tenant.caller)?;
    }
    let view = state.platform.update_integration(tenant.organization, id, change.into()).await?;
    Ok(Json(IntegrationBody::of(view, &state.platform)))
}

/// Delete an integration
///
/// Its credentials and subscriptions go, its waiting dispatches are canceled, its history stays.
#[utoipa::path(
    delete,
    path = "/v1/integrations/{id}",
    tag = "Integrations",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = DeletedIntegration, description = "What went with it")),
)]
async fn delete_integration(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<IntegrationId>,
) -> Answer<Json<DeletedIntegration>> {
    let deleted = state.platform.delete_integration(tenant.organization, id).await?;
    Ok(Json(DeletedIntegration {
        id: id.to_string(),
        deleted: true,
        cleared_address_count: deleted.cleared_addresses,
        canceled_dispatch_count: deleted.canceled_dispatches,
    }))
}

/// Send a test message
///
/// Whatever the integration's status. Limited per key.
#[utoipa::path(
    post,
    path = "/v1/integrations/{id}/test",
    tag = "Integrations",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = TestDelivery, description = "It arrived")),
)]
async fn test_integration(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<IntegrationId>,
) -> Answer<Json<TestDelivery>> {
    state.count_provider_call(&tenant.caller)?;
    let receipt = state.platform.test_integration(tenant.organization, id).await?;
    Ok(Json(TestDelivery { delivered: true, remote_id: receipt.remote_id }))
}
