//! An integration, as its owner reads it.

use integrations_core::{IntegrationView, Platform};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::providers::event_types;
use crate::schema::{self, Time};

/// A connection to one destination.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Integration)]
pub(super) struct IntegrationBody {
    id: String,
    #[schema(example = "telegram")]
    provider: String,
    name: String,
    #[schema(schema_with = schema::integration_status)]
    status: &'static str,
    /// Why it is not active, for people.
    status_reason: Option<String>,
    /// The provider's form without secrets, and what the provider found out about the destination.
    #[schema(value_type = Object)]
    public_config: Value,
    /// The events that its provider can deliver.
    #[schema(schema_with = event_types)]
    event_types: Vec<&'static str>,
    /// How many addresses subscribe it.
    address_count: u64,
    /// When the provider's service last confirmed it.
    last_validated_at: Option<Time>,
    created_at: Time,
    updated_at: Time,
}

impl IntegrationBody {
    pub(super) fn of(view: IntegrationView, platform: &Platform) -> Self {
        let IntegrationView { integration, address_count } = view;
        let description = platform.provider(&integration.provider).ok().map(|provider| provider.description());
        let event_types = description.map_or(&[][..], |description| description.event_types);
        Self {
            id: integration.id.to_string(),
            public_config: integration.connection.public(),
            provider: integration.provider,
            name: integration.name,
            status: integration.status.as_str(),
            status_reason: integration.status_reason,
            event_types: event_types.iter().map(|event| event.as_str()).collect(),
            address_count,
            last_validated_at: integration.last_validated_at.map(Time),
            created_at: Time(integration.created_at),
            updated_at: Time(integration.updated_at),
        }
    }
}
