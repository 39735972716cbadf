//! The routes, a file for each resource: what it takes, what it gives, and what is called.

mod addresses;
mod api_keys;
mod dispatch_body;
mod dispatches;
pub(crate) mod emails;
mod event_input;
mod events;
mod integration_body;
mod integrations;
mod organizations;
mod providers;
mod server;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::state::Api;

/// Every route but that of raw mail, which has a deadline of its own.
pub(crate) fn all_but_emails() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .merge(organizations::routes())
        .merge(api_keys::routes())
        .merge(providers::routes())
        .merge(integrations::routes())
        .merge(addresses::routes())
        .merge(events::routes())
        .merge(dispatches::routes())
        .merge(health())
}

/// The routes about the server itself.
pub(crate) fn health() -> OpenApiRouter<Api> {
    server::routes()
}

/// Something was deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    id: String,
    /// Always true.
    deleted: bool,
}

impl Deleted {
    fn new(id: &impl ToString) -> Self {
        Self { id: id.to_string(), deleted: true }
    }
}
