//! `/v1/addresses`: the inboxes of an organization, and what they subscribe.

use axum::{Json, extract::State};
use http::StatusCode;
use integrations_core::{AddressId, EventType, IntegrationStatus, SubscribedAddress, Subscription, WantedSubscription};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Deleted;
use crate::{
    auth::{Manage, Read, Tenant},
    input::{Input, given},
    paging::{List, PageQuery, Wanted},
    path::Id,
    problem::Answer,
    schema::{self, Time},
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(create_address, list_addresses)).routes(routes!(
        read_address,
        update_address,
        delete_address
    ))
}

/// A new address.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewAddress {
    /// What stands before the `@`; it is lower-cased.
    #[schema(example = "alerts")]
    local_part: String,
    /// One of the installation's domains; the first of them if absent.
    domain: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    integration_subscriptions: Option<Vec<SubscriptionInput>>,
}

/// A change of an address.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddressChange {
    /// The whole new set; absent to leave it as it is. Those that stay keep their history and pending work.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    integration_subscriptions: Option<Vec<SubscriptionInput>>,
}

/// An integration that the address is to subscribe.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = WantedSubscription)]
struct SubscriptionInput {
    /// An integration of this organization, active or not.
    integration_id: String,
    #[schema(schema_with = schema::event_type)]
    event_type: EventType,
    /// Ignored, so that what was read can be written back.
    #[serde(default, rename = "status")]
    #[schema(value_type = Option<String>, read_only)]
    _status: IgnoredAny,
}

impl From<SubscriptionInput> for WantedSubscription {
    fn from(input: SubscriptionInput) -> Self {
        Self { integration: input.integration_id, event_type: input.event_type }
    }
}

/// An address with what it subscribes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Address)]
struct AddressBody {
    id: String,
    #[schema(example = "alerts@example.com")]
    address: String,
    local_part: String,
    domain: String,
    /// The active integrations that it subscribes, sorted by name: for display.
    integrations: Vec<ActiveIntegration>,
    /// All that it subscribes: to be read, changed and written back.
    integration_subscriptions: Vec<SubscriptionBody>,
    created_at: Time,
    updated_at: Time,
}

/// An active integration that an address subscribes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ActiveIntegration {
    id: String,
    provider: String,
    name: String,
    #[schema(schema_with = schema::event_type)]
    event_type: &'static str,
}

/// A subscription of an address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
struct SubscriptionBody {
    integration_id: String,
    #[schema(schema_with = schema::event_type)]
    event_type: &'static str,
    /// The status of the integration.
    #[schema(schema_with = schema::integration_status)]
    status: &'static str,
}

impl From<SubscribedAddress> for AddressBody {
    fn from(SubscribedAddress { address, subscriptions }: SubscribedAddress) -> Self {
        let active = subscriptions.iter().filter(|subscription| subscription.status == IntegrationStatus::Active);
        Self {
            id: address.id.to_string(),
            address: address.name.to_string(),
            local_part: address.name.local_part().to_owned(),
            domain: address.name.domain().to_owned(),
            integrations: active.map(ActiveIntegration::from).collect(),
            integration_subscriptions: subscriptions.iter().map(SubscriptionBody::from).collect(),
            created_at: Time(address.created_at),
            updated_at: Time(address.updated_at),
        }
    }
}

impl From<&Subscription> for ActiveIntegration {
    fn from(subscription: &Subscription) -> Self {
        Self {
            id: subscription.integration.to_string(),
            provider: subscription.provider.clone(),
            name: subscription.name.clone(),
            event_type: subscription.event_type.as_str(),
        }
    }
}

impl From<&Subscription> for SubscriptionBody {
    fn from(subscription: &Subscription) -> Self {
        Self {
            integration_id: subscription.integration.to_string(),
            event_type: subscription.event_type.as_str(),
            status: subscription.status.as_str(),
        }
    }
}

fn wanted(inputs: Vec<SubscriptionInput>) -> Vec<WantedSubscription> {
    inputs.into_iter().map(WantedSubscription::from).collect()
}

/// Add an address
#[utoipa::path(
    post,
    path = "/v1/addresses",
    tag = "Addresses",
    security(("key" = ["manage"])),
    request_body = NewAddress,
    responses((status = CREATED, body = AddressBody, description = "The address")),
)]
async fn create_address(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Input(new): Input<NewAddress>,
) -> Answer<(StatusCode, Json<AddressBody>)> {
    let wanted = wanted(new.integration_subscriptions.unwrap_or_default());
    let (organization, domain) = (tenant.organization, new.domain.as_deref());
    let address = state.platform.create_address(organization, &new.local_part, domain, &wanted).await?;
    Ok((StatusCode::CREATED, Json(address.into())))
}

/// List the addresses, oldest first
#[utoipa::path(
    get,
    path = "/v1/addresses",
    tag = "Addresses",
    security(("key" = ["read"])),
    params(PageQuery),
    responses((status = OK, body = List<AddressBody>, description = "A page")),
)]
async fn list_addresses(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Wanted(page): Wanted,
) -> Answer<Json<List<AddressBody>>> {
    Ok(Json(List::of(state.platform.list_addresses(tenant.organization, page).await?)))
}

/// Read an address
#[utoipa::path(
    get,
    path = "/v1/addresses/{id}",
    tag = "Addresses",
    security(("key" = ["read"])),
    params(("id" = String, Path)),
    responses((status = OK, body = AddressBody, description = "The address")),
)]
async fn read_address(
    tenant: Tenant<Read>,
    State(state): State<Api>,
    Id(id): Id<AddressId>,
) -> Answer<Json<AddressBody>> {
    Ok(Json(state.platform.address(tenant.organization, id).await?.into()))
}

/// Change what an address subscribes
#[utoipa::path(
    patch,
    path = "/v1/addresses/{id}",
    tag = "Addresses",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    request_body = AddressChange,
    responses((status = OK, body = AddressBody, description = "The address as it is now")),
)]
async fn update_address(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<AddressId>,
    Input(change): Input<AddressChange>,
) -> Answer<Json<AddressBody>> {
    let address = match change.integration_subscriptions {
        Some(inputs) => state.platform.set_subscriptions(tenant.organization, id, &wanted(inputs)).await?,
        None => state.platform.address(tenant.organization, id).await?,
    };
    Ok(Json(address.into()))
}

/// Delete an address
///
/// Its subscriptions go, its waiting dispatches are canceled, its history stays.
#[utoipa::path(
    delete,
    path = "/v1/addresses/{id}",
    tag = "Addresses",
    security(("key" = ["manage"])),
    params(("id" = String, Path)),
    responses((status = OK, body = Deleted, description = "It is gone")),
)]
async fn delete_address(
    tenant: Tenant<Manage>,
    State(state): State<Api>,
    Id(id): Id<AddressId>,
) -> Answer<Json<Deleted>> {
    state.platform.delete_address(tenant.organization, id).await?;
    Ok(Json(Deleted::new(&id)))
}
