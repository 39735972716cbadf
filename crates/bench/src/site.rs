//! A server with its data, and the organizations that it serves.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use verify::{Server, api::Api, process::Process};

use crate::{machine, sink::Sink};

const ADMIN_TOKEN: &str = "bench-admin-token-of-enough-characters";
/// 32 bytes in base64.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const BOT_TOKEN: &str = "700000:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// Attempts in flight.
pub(crate) const CONCURRENCY: usize = 1024;
/// The first chat; the others have the numbers behind it.
pub(crate) const CHAT: i64 = 100_000;
/// How many connections set things up.
const WORKMEN: usize = 32;

/// A running server.
pub(crate) struct Site {
    pub(crate) api: Api,
    process: Process,
    process_id: u32,
    folder: TempDir,
}

/// Where events can be sent.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) organization: String,
    pub(crate) address: String,
}

impl Site {
    /// Starts a server without limits and without data, that sends to the sink.
    pub(crate) async fn start(server: &PathBuf, sink: &Sink, settings: &[(&'static str, String)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
        let mut all = vec![
            ("INTEGRATION_HTTP_LISTEN", "127.0.0.1:0".to_owned()),
            ("INTEGRATION_STORE", format!("sqlite://{}", folder.path().join("integrations.db").display())),
            ("INTEGRATION_SECRET_ENCRYPTION_KEY", KEY.to_owned()),
            ("INTEGRATION_ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
            ("INTEGRATION_TELEGRAM_API_BASE_URL", format!("http://{}", sink.address)),
            ("INTEGRATION_TELEGRAM_PACING", "off".to_owned()),
            ("INTEGRATION_WORKER_CONCURRENCY", CONCURRENCY.to_string()),
            ("INTEGRATION_LOG", "warn".to_owned()),
            ("MAX_INTEGRATIONS_PER_ORGANIZATION", "0".to_owned()),
            ("MAX_INTEGRATION_DISPATCHES_PER_ORGANIZATION_PER_DAY", "0".to_owned()),
        ];
        all.extend_from_slice(settings);
        let mut process = Process::spawn(&Server::new(server), &all, &folder.path().join("server.log"))?;
        let api = Api::new(process.ready().await?, ADMIN_TOKEN);
        let process_id = process.id().context("the server is gone")?;
        Ok(Self { api, process, process_id, folder })
    }

    /// Organizations, each with so many addresses, of which each tells so many chats.
    pub(crate) async fn places(&self, organizations: usize, addresses: usize, chats: usize) -> Result<Vec<Place>> {
        let mut founding = JoinSet::new();
        let mut places = Vec::new();
        for number in 0..organizations {
            if founding.len() == WORKMEN
                && let Some(made) = founding.join_next().await
            {
                places.extend(made??);
            }
            founding.spawn(found(self.api.clone(), number, addresses, chats));
        }
        while let Some(made) = founding.join_next().await {
            places.extend(made??);
        }
        places.sort_by(|one, other| one.address.cmp(&other.address));
        Ok(places)
    }

    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        machine::cpu_seconds(self.process_id)
    }

    pub(crate) fn most_memory(&self) -> Result<f64> {
        machine::most_memory(self.process_id)
    }

    /// Ends the server. It has no more to say, so it need not be asked.
    pub(crate) async fn end(self) -> Result<()> {
        self.process.kill().await?;
        let log = std::fs::read_to_string(self.folder.path().join("server.log"))?;
        ensure!(log.is_empty(), "the server complained: {}", log.lines().next().unwrap_or_default());
        Ok(())
    }
}

async fn found(api: Api, number: usize, addresses: usize, chats: usize) -> Result<Vec<Place>> {
    let organization: Value = api.post("/v1/organizations", &json!({"name": "Bench"})).await?;
    let organization = text(&organization, "id")?;
    let api = api.acting_for(&organization);
    let mut told = Vec::new();
    for chat in 0..chats {
        let chat_id = CHAT + i64::try_from(number * chats + chat)?;
        let config = json!({"chatId": chat_id.to_string(), "botToken": BOT_TOKEN});
        let body = json!({"provider": "telegram", "name": format!("Chat {chat}"), "config": config});
        let made: Value = api.post("/v1/integrations", &body).await?;
        told.push(json!({"integrationId": text(&made, "id")?, "eventType": "email.received"}));
    }
    let mut places = Vec::new();
    for address in 0..addresses {
        let body = json!({"localPart": format!("inbox-{number}-{address}"), "integrationSubscriptions": told});
        let made: Value = api.post("/v1/addresses", &body).await?;
        places.push(Place { organization: organization.clone(), address: text(&made, "address")? });
    }
    Ok(places)
}

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {value}"))?.to_owned())
}
