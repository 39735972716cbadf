//! `demo`: the whole system on one machine, with nothing set up before.
//!
//! It runs the real server on a temporary store, and does over its HTTP API what a person would do: makes an
//! organization, connects a chat, adds an address, sends it a mail.

mod client;
mod place;

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use cipher_ring::Key;
use integrations::SystemEntropy;
use integrations_core::{Entropy as _, Registry};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use self::{client::Client, place::Place};
use crate::{
    cli::DemoArgs,
    config::{Config, Queue, Role},
    print,
    stop::StopSignal,
    wire::Server,
};

/// The mail that is sent first.
const FIRST_MAIL: &[u8] = include_bytes!("../../../../samples/welcome.eml");

/// Where it is sent.
const ADDRESS: &str = "demo";

/// How long the first delivery may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows the system until Ctrl-C, or until the first delivery.
pub(crate) async fn demo(
    args: DemoArgs,
    mut config: Config,
    registry: impl FnOnce(&Config) -> Registry,
    attempts: Handle,
) -> anyhow::Result<()> {
    let told_to_stop = StopSignal::listen()?;
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let place = Place::choose(&mut config, args.chat_id).await?;
    let admin_token = random_text();
    (config.queue, config.role) = (Queue::Embedded, Role::All);
    config.store = folder.path().join("demo.db");
    config.http.listen = args.listen;
    config.http.admin_token = Some(admin_token.clone());
    config.keys.current = Some(Key::generate(&SystemEntropy));
    let registry = registry(&config);
    let server = Server::start(&config, registry, true, attempts).await?;
    let address = server.address()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async move {
        // Both a message and a dropped sender mean that it is over.
        let _ = stopped.await;
    }));
    let shown = tokio::select! {
        shown = show(address, &admin_token, &place, args.once) => shown,
        () = told_to_stop.received() => say("\nStopped. The data are gone.\n"),
    };
    drop(stop);
    running.await?;
    shown
}

async fn show(address: SocketAddr, admin_token: &SecretString, place: &Place, once: bool) -> anyhow::Result<()> {
    let mut client = Client::new(address, admin_token.clone())?;
    let organization = client.post("/v1/organizations", &json!({ "name": "Demo" })).await?;
    client.act_for(text(&organization, "id")?);
    let Some(integration) = connect(&client, place).await? else { return Ok(()) };
    say(&format!("The server listens on http://{address}. Its data are temporary.\n"))?;
    let subscription = json!({ "integrationId": text(&integration, "id")?, "eventType": "email.received" });
    let inbox = json!({ "localPart": ADDRESS, "integrationSubscriptions": [subscription] });
    let inbox = client.post("/v1/addresses", &inbox).await?;
    let inbox = text(&inbox, "address")?;
    say(&format!("Mail to {inbox} goes to {}. Sending it samples/welcome.eml ...\n", place.name(&integration)))?;

    client.send_mail(&inbox, FIRST_MAIL).await?;
    let delivered = tokio::time::timeout(PATIENCE, delivered(&client)).await;
    delivered.context("the message did not arrive within 30 seconds")??;
    place.show_new_messages().await?;
    if once {
        return Ok(());
    }
    let key = client.post("/v1/api-keys", &json!({ "name": "Demo", "scopes": ["manage"] })).await?;
    say(&how_to_go_on(address, &text(&key, "key")?, &inbox))?;
    place.show_what_comes().await
}

/// Makes the integration; none if there is no chat to choose yet, and what to do has been said.
async fn connect(client: &Client, place: &Place) -> anyhow::Result<Option<Value>> {
    let token = place.bot_token().expose_secret();
    let Some(chat) = place.chat_id() else {
        let targets =
            client.post("/v1/providers/telegram/targets", &json!({ "config": { "botToken": token } })).await?;
        say(&place::choice(&targets))?;
        return Ok(None);
    };
    let config = json!({ "botToken": token, "chatId": chat });
    let integration = json!({ "provider": "telegram", "name": "Demo chat", "config": config });
    client.post("/v1/integrations", &integration).await.map(Some)
}

/// Waits until the newest dispatch has ended, and wants it delivered.
async fn delivered(client: &Client) -> anyhow::Result<()> {
    loop {
        let dispatches = client.get("/v1/dispatches?limit=1").await?;
        let newest = dispatches.pointer("/data/0").context("the mail has no dispatch")?;
        match text(newest, "status")?.as_str() {
            "delivered" => return Ok(()),
            "failed" | "canceled" => {
                bail!("the message was not delivered: {}", newest.pointer("/lastError").unwrap_or(newest))
            }
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

fn how_to_go_on(address: SocketAddr, key: &str, inbox: &str) -> String {
    format!(
        "\
Send another, for example one of the files in samples/:

  curl -H 'Authorization: Bearer {key}' -H 'Content-Type: message/rfc822' \\
    --data-binary @samples/sign-up-code.eml 'http://{address}/v1/emails?recipient={inbox}'

See what became of it:

  curl -H 'Authorization: Bearer {key}' 'http://{address}/v1/dispatches?limit=3'

Ctrl-C ends the demo.
"
    )
}

fn text(value: &Value, name: &str) -> anyhow::Result<String> {
    let text = value.get(name).and_then(Value::as_str);
    Ok(text.with_context(|| format!("the server's answer has no \"{name}\""))?.to_owned())
}

fn random_text() -> SecretString {
    let mut bytes = [0; 24];
    SystemEntropy.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(print(text)?)
}
