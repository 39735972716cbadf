//! `/v1/organizations`: the tenants. For the operator alone.

use axum::{Json, extract::State};
use http::StatusCode;
use integrations_core::{Organization, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Deleted;
use crate::{
    auth::Admin,
    input::Input,
    paging::{List, PageQuery, Wanted},
    path::Id,
    problem::Answer,
    schema::Time,
    state::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(create_organization, list_organizations))
        .routes(routes!(read_organization, delete_organization))
}

/// A new organization.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrganization {
    /// A name for people, 1 to 64 characters.
    #[schema(example = "Acme")]
    name: String,
}

/// An organization.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
struct OrganizationBody {
    id: String,
    name: String,
    created_at: Time,
}

impl From<Organization> for OrganizationBody {
    fn from(organization: Organization) -> Self {
        let Organization { id, name, created_at } = organization;
        Self { id: id.to_string(), name, created_at: Time(created_at) }
    }
}

/// Add an organization
#[utoipa::path(
    post,
    path = "/v1/organizations",
    tag = "Organizations",
    security(("key" = ["admin"])),
    request_body = NewOrganization,
    responses((status = CREATED, body = OrganizationBody, description = "The organization")),
)]
async fn create_organization(
    _: Admin,
    State(state): State<Api>,
    Input(new): Input<NewOrganization>,
) -> Answer<(StatusCode, Json<OrganizationBody>)> {
    let organization = state.platform.create_organization(&new.name).await?;
    Ok((StatusCode::CREATED, Json(organization.into())))
}

/// List the organizations, oldest first
#[utoipa::path(
    get,
    path = "/v1/organizations",
    tag = "Organizations",
    security(("key" = ["admin"])),
    params(PageQuery),
    responses((status = OK, body = List<OrganizationBody>, description = "A page")),
)]
async fn list_organizations(
    _: Admin,
    State(state): State<Api>,
    Wanted(page): Wanted,
) -> Answer<Json<List<OrganizationBody>>> {
    Ok(Json(List::of(state.platform.list_organizations(page).await?)))
}

/// Read an organization
#[utoipa::path(
    get,
    path = "/v1/organizations/{id}",
    tag = "Organizations",
    security(("key" = ["admin"])),
    params(("id" = String, Path)),
    responses((status = OK, body = OrganizationBody, description = "The organization")),
)]
async fn read_organization(
    _: Admin,
    State(state): State<Api>,
    Id(id): Id<OrganizationId>,
) -> Answer<Json<OrganizationBody>> {
    Ok(Json(state.platform.organization(id).await?.into()))
}

/// Erase an organization and everything that belongs to it
#[utoipa::path(
    delete,
    path = "/v1/organizations/{id}",
    tag = "Organizations",
    security(("key" = ["admin"])),
    params(("id" = String, Path)),
    responses((status = OK, body = Deleted, description = "It is erased")),
)]
async fn delete_organization(_: Admin, State(state): State<Api>, Id(id): Id<OrganizationId>) -> Answer<Json<Deleted>> {
    state.platform.delete_organization(id).await?;
    state.organizations.forget();
    state.keys.forget();
    Ok(Json(Deleted::new(&id)))
}
