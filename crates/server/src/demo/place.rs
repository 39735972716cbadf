//! Where the demo's messages go: a chat in a sandbox on this machine, or a chat of the real Telegram.

use std::fmt::Write as _;

use anyhow::Context as _;
use secrecy::SecretString;
use serde_json::Value;
use telegram_sandbox::{NewBot, NewChat, Sandbox, Standing};

use super::say;
use crate::config::Config;

/// The sandbox's only bot and chat.
const BOT: i64 = 123_456_789;
const CHAT: i64 = 987_654_321;

pub(super) enum Place {
    Sandbox { sandbox: Sandbox, token: SecretString },
    Telegram { token: SecretString, chat_id: Option<String> },
}

impl Place {
    /// The real Telegram if a bot token is configured, a sandbox otherwise.
    pub(super) async fn choose(config: &mut Config, chat_id: Option<String>) -> anyhow::Result<Self> {
        if let Some(token) = config.telegram.demo_bot_token.clone() {
            return Ok(Self::Telegram { token, chat_id });
        }
        anyhow::ensure!(chat_id.is_none(), "--chat-id needs the bot's token in TELEGRAM_BOT_TOKEN");
        let sandbox = Sandbox::start(([127, 0, 0, 1], 0).into()).await.context("the sandbox cannot be started")?;
        let bot = NewBot::new(BOT).username("demo_inbox_bot").name("Demo inbox");
        let token = sandbox.world().add_bot(bot)?.into();
        sandbox.world().add_chat(NewChat::private(CHAT, "You").bot(BOT, Standing::Member))?;
        config.telegram.api_base_url = sandbox.base_url().parse()?;
        Ok(Self::Sandbox { sandbox, token })
    }

    pub(super) fn bot_token(&self) -> &SecretString {
        match self {
            Self::Sandbox { token, .. } | Self::Telegram { token, .. } => token,
        }
    }

    /// The chat, if it is known.
    pub(super) fn chat_id(&self) -> Option<String> {
        match self {
            Self::Sandbox { .. } => Some(CHAT.to_string()),
            Self::Telegram { chat_id, .. } => chat_id.clone(),
        }
    }

    pub(super) fn name(&self, integration: &Value) -> String {
        let label = integration.pointer("/publicConfig/chatLabel").and_then(Value::as_str).unwrap_or("the chat");
        match self {
            Self::Sandbox { .. } => format!("a Telegram chat in a sandbox on this machine ({label})"),
            Self::Telegram { .. } => format!("Telegram ({label})"),
        }
    }

    /// Shows what has arrived.
    pub(super) async fn show_new_messages(&self) -> anyhow::Result<()> {
        match self {
            Self::Sandbox { sandbox, .. } => show_from(sandbox, 0).await.map(drop),
            Self::Telegram { .. } => say("Delivered: look into the chat.\n\n"),
        }
    }

    /// Shows what arrives after the first message, without end.
    pub(super) async fn show_what_comes(&self) -> anyhow::Result<()> {
        let Self::Sandbox { sandbox, .. } = self else { return std::future::pending().await };
        let mut shown = 1;
        loop {
            shown = show_from(sandbox, shown).await?;
        }
    }
}

/// Waits for a message beyond the first `shown`, shows all there are, and counts them.
async fn show_from(sandbox: &Sandbox, shown: usize) -> anyhow::Result<usize> {
    let messages = sandbox.world().wait_for_messages(CHAT, shown as u64 + 1).await;
    let chat = sandbox.world().chat(CHAT).context("the sandbox's chat is gone")?;
    for message in messages.iter().skip(shown) {
        say(&format!("\n{}\n", telegram_sandbox::pretty(&chat, message)))?;
    }
    Ok(messages.len())
}

/// The chats that the bot has seen, to choose from.
pub(super) fn choice(targets: &Value) -> String {
    let chats = targets.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if chats.is_empty() {
        return "The bot has seen no chat yet. Send it a message, or add it to a group or channel, and try again.\n"
            .to_owned();
    }
    let mut text = "The bot has seen these chats. Choose one with --chat-id:\n\n".to_owned();
    for chat in chats {
        let part = |name| chat.get(name).and_then(Value::as_str).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  --chat-id {:<16} {} ({})", part("id"), part("label"), part("kind"));
    }
    text
}
