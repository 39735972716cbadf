//! The platform inside a program of your own: a mail goes in, a message comes out in a chat.
//!
//! A sandbox on this machine plays Telegram, so it runs without an account:
//! `cargo run -p examples --example embed`.

use std::{error::Error, sync::Arc};

use cipher_ring::{Key, RingCipher};
use http_reqwest::HttpConfig;
use inbound_email::Limits;
use integrations::core::{
    EventType, IncomingEvent, IntegrationInput, Payload, Provider as _, WantedSubscription, store::Recipient,
};
use integrations::{Builder, SystemEntropy};
use provider_telegram::Telegram;
use serde_json::json;
use store_sqlite::{OpenOptions, SqliteStore};
use telegram_sandbox::{NewBot, NewChat, Sandbox, Standing, pretty};

const BOT: i64 = 123_456_789;
const CHAT: i64 = 987_654_321;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for the terminal")]
async fn main() -> Result<(), Box<dyn Error>> {
    let telegram = Sandbox::start("127.0.0.1:0".parse()?).await?;
    let token = telegram.world().add_bot(NewBot::new(BOT).username("inbox_bot"))?;
    telegram.world().add_chat(NewChat::private(CHAT, "You").bot(BOT, Standing::Member))?;

    // The technologies. A real program keeps its folder, and its key: without it nobody can open the stored tokens.
    let folder = tempfile::tempdir()?;
    let store =
        SqliteStore::open(folder.path().join("integrations.db"), OpenOptions::default().exclusive(true)).await?;
    let cipher = Arc::new(RingCipher::new(Key::generate(&SystemEntropy), [], Arc::new(SystemEntropy)));
    let outbound = http_reqwest::outbound(&HttpConfig::default())?;
    let provider = Telegram::new(telegram.base_url().parse()?);
    let platform = Builder::new(Arc::new(store.clone()), cipher, outbound).provider(provider).start().await?;

    // An organization, its chat, and an address that subscribes the chat.
    let organization = platform.create_organization("Example").await?.id;
    let config = serde_json::from_value(json!({ "botToken": token, "chatId": CHAT }))?;
    let input = IntegrationInput { provider: Telegram::KIND.to_owned(), name: "My chat".to_owned(), config };
    let integration = platform.create_integration(organization, input).await?.integration.id;
    let wanted = WantedSubscription { integration: integration.to_string(), event_type: EventType::EmailReceived };
    let address = platform.create_address(organization, "alerts", None, &[wanted]).await?.address;

    // A mail arrives. Once `publish` returns, the event is stored and will be delivered.
    let mail = inbound_email::parse(include_bytes!("../samples/sign-up-code.eml"), &Limits::default())?;
    let event = IncomingEvent {
        recipient: Recipient::Id(address.id),
        occurred_at: None,
        payload: Payload::EmailReceived(mail.email),
        repeat: None,
    };
    platform.publish(organization, vec![event]).await?;

    for message in telegram.world().wait_for_messages(CHAT, 1).await {
        let chat = telegram.world().chat(CHAT).ok_or("the chat is gone")?;
        println!("{}", pretty(&chat, &message));
    }
    platform.stop().await;
    store.close().await;
    Ok(())
}
