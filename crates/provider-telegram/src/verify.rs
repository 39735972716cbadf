//! Checking a token and a chat, and finding out where they lead.

use integrations_core::{
    DeliveryError, FailureKind, Lane, Lanes, Rate,
    provider::{Target, Verified},
    text,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    ChatId, Config, Telegram,
    answer::{Refused, Remedy},
    bot::Bot,
};

const LABEL_CHARS: usize = 128;

/// What Telegram tells about its limits: one message a second to a person, 20 a minute to a group, 30 a second from
/// a bot (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>). Each is kept with a
/// twentieth to spare, since messages do not arrive at the same distance at which they were sent. No burst goes ahead of
/// the rate: after one, the messages that follow it at the full rate would be too many.
const PERSON_RATE: Rate = Rate { interval_millis: 1_050, burst: 1 };
const GROUP_RATE: Rate = Rate { interval_millis: 3_150, burst: 1 };
const BOT_RATE: Rate = Rate { interval_millis: 35, burst: 1 };

/// <https://core.telegram.org/bots/api#user>
#[derive(Deserialize)]
struct BotUser {
    id: u64,
    is_bot: bool,
    #[serde(default)]
    username: String,
}

/// <https://core.telegram.org/bots/api#chat>
#[derive(Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    title: Option<String>,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(default)]
    is_forum: bool,
}

impl Chat {
    /// Its name for people: the title, the person's name, or the @name; the number if it has none of them.
    pub(crate) fn label(&self) -> String {
        let named = |parts: &[&Option<String>]| {
            let parts: Vec<_> = parts.iter().filter_map(|part| part.as_deref()).collect();
            text::short_line(&parts.join(" "), LABEL_CHARS)
        };
        let at_name = self.username.as_ref().map(|name| format!("@{name}"));
        let names = [named(&[&self.title]), named(&[&at_name]), named(&[&self.first_name, &self.last_name])];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| self.id.to_string())
    }

    /// Whether a topic means anything there; elsewhere Telegram takes no notice of it. Private chats may have them.
    fn may_have_topics(&self) -> bool {
        self.is_forum || self.kind == "private"
    }
}

/// Asks who the bot is and whether it knows the chat. Sends no message, so it does not prove that it may.
pub(crate) async fn verify(bot: &Bot<'_>, target: &Target<'_, Telegram>) -> Result<Verified<Config>, DeliveryError> {
    let user: BotUser = bot.ask("getMe", &json!({})).await?;
    let bot_name = text::short_line(&user.username, LABEL_CHARS);
    if !user.is_bot || bot_name.is_empty() {
        return Err(DeliveryError::new(FailureKind::Rejected, "the token does not belong to a bot"));
    }
    let chat = find_chat(bot, &target.config.chat_id).await?;
    let topic_id = target.config.topic_id.filter(|_| chat.may_have_topics());
    let place = topic_id.map_or_else(|| chat.id.to_string(), |topic| format!("{}/{topic}", chat.id));
    let rate = if chat.kind == "private" { PERSON_RATE } else { GROUP_RATE };
    Ok(Verified {
        details: json!({
            "telegramBotId": user.id.to_string(),
            "botUsername": bot_name,
            "chatLabel": chat.label(),
            "chatType": text::single_line(&chat.kind),
        }),
        identity: format!("{}/{place}", user.id),
        lanes: Lanes::new(
            Lane { key: format!("{}/{}", user.id, chat.id), rate: Some(rate) },
            Lane { key: user.id.to_string(), rate: Some(BOT_RATE) },
        )
        .one_by_one(),
        config: Config { chat_id: ChatId::Number(chat.id), topic_id, silent: target.config.silent },
    })
}

/// The chat, under its new number if it has moved.
async fn find_chat(bot: &Bot<'_>, chat: &ChatId) -> Result<Chat, Refused> {
    let ask = async |chat: &ChatId| bot.ask("getChat", &json!({ "chat_id": chat.to_parameter() })).await;
    match ask(chat).await {
        Err(Refused { remedy: Some(Remedy::NewChat(number)), .. }) => ask(&ChatId::Number(number)).await,
        answer => answer,
    }
}
