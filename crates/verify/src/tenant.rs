//! An organization with chats, as the server and the receiver know it.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use telegram_sandbox::{NewBot, NewChat, Standing, World};

use crate::api::Api;

/// The bot that writes into all chats of [`Tenant::with_chats`].
pub(crate) const BOT: i64 = 700_000;

/// An organization.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) organization: String,
    /// Where it receives mail.
    pub(crate) addresses: Vec<String>,
    chats: HashMap<String, i64>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Tenant {
    /// A new organization with so many chats, and an address for each. Every second address tells two chats.
    pub(crate) async fn with_chats(api: &Api, world: &World, count: i64) -> Result<Self> {
        Self::new(api, world, count, |number| if number % 2 == 0 { 1 } else { 2 }).await
    }

    /// The same, and every address tells one chat.
    pub(crate) async fn with_lone_chats(api: &Api, world: &World, count: i64) -> Result<Self> {
        Self::new(api, world, count, |_| 1).await
    }

    async fn new(api: &Api, world: &World, count: i64, told: fn(i64) -> usize) -> Result<Self> {
        let organization = found(api).await?;
        let api = api.acting_for(&organization);
        let token = world.add_bot(NewBot::new(BOT))?;
        let mut tenant = Self { organization, addresses: Vec::new(), chats: HashMap::new() };
        let mut integrations = Vec::new();
        for number in 0..count {
            let chat = 100_000 + number;
            world.add_chat(NewChat::private(chat, "Ada").bot(BOT, Standing::Member))?;
            let integration = connect(&api, &token, chat).await?;
            tenant.chats.insert(integration.clone(), chat);
            integrations.push(integration);
            let told = integrations.iter().rev().take(told(number));
            tenant.addresses.push(subscribe(&api, &format!("inbox-{number}"), told).await?);
        }
        Ok(tenant)
    }

    /// Where an integration leads.
    pub(crate) fn chat_of(&self, integration: &str) -> Result<i64> {
        self.chats.get(integration).copied().with_context(|| format!("nobody made the integration {integration}"))
    }
}

/// Makes an organization and says when that was, by the server's clock.
pub(crate) async fn founded_at(api: &Api) -> Result<Timestamp> {
    let organization: Value = api.post("/v1/organizations", &json!({"name": "Verify"})).await?;
    let text = organization.get("createdAt").and_then(Value::as_str).context("no time of creation")?;
    Ok(text.parse()?)
}

/// Makes an organization and gives its identifier.
pub(crate) async fn found(api: &Api) -> Result<String> {
    let organization: Created = api.post("/v1/organizations", &json!({"name": "Verify"})).await?;
    Ok(organization.id)
}

/// Makes an integration and gives its identifier.
pub(crate) async fn connect(api: &Api, token: &str, chat: i64) -> Result<String> {
    let config = json!({"chatId": chat.to_string(), "botToken": token});
    let body = json!({"provider": "telegram", "name": format!("Chat {chat}"), "config": config});
    let integration: Created = api.post("/v1/integrations", &body).await?;
    Ok(integration.id)
}

/// Makes an address that tells these integrations, and gives it in full.
pub(crate) async fn subscribe(api: &Api, name: &str, told: impl Iterator<Item = &String>) -> Result<String> {
    let told: Vec<_> = told.map(|id| json!({"integrationId": id, "eventType": "email.received"})).collect();
    let body = json!({"localPart": name, "integrationSubscriptions": told});
    let address: Value = api.post("/v1/addresses", &body).await?;
    let text = address.get("address").and_then(Value::as_str);
    Ok(text.context("the new address has no text")?.to_owned())
}
