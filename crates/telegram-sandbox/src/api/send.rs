//! sendMessage.

use std::time::Duration;

use super::args::Args;
use super::{Answer, Success, json, keyboard, text};
use crate::shape;
use crate::text::finish;
use crate::world::{Access, Author, Chat, Draft, Refusal, State};

/// Sends a text message (<https://core.telegram.org/bots/api#sendmessage>).
pub(super) fn send_message(state: &mut State, now: Duration, bot: i64, args: &Args) -> Answer {
    let content = text::message_text(args)?;
    let reply = Reply::read(args).map_err(Refusal::bad_request)?;
    let buttons = keyboard::read(args)?;

    let chat = state.open_chat(bot, args.get("chat_id"), Access::Write)?;
    let reply_to = reply.find(chat)?;
    let thread_id = chat.thread(args.id("message_thread_id"))?;
    chat.check_channel(bot)?;
    let buttons = keyboard::check(buttons)?;
    let content = finish(content).map_err(Refusal::bad_request)?;

    chat.check_delivery(bot, thread_id)?;
    keyboard::check_delivery(&buttons, chat.kind)?;
    let chat_id = chat.id;
    state.pass_gates(bot, chat_id, now)?;

    let silent = args.flag("disable_notification");
    let protected = args.flag("protect_content");
    let draft = Draft { from: Author::Bot(bot), content, thread_id, reply_to, buttons, silent, protected };
    let message = state.post(chat_id, draft, now);
    let sent = message.as_ref().and_then(|message| Some((state.chats.get(&chat_id)?, message)));
    let result = sent.map(|(chat, message)| shape::message(state, chat, message)).unwrap_or_default();
    Ok(Success { message_id: message.map(|message| message.message_id), ..Success::of(result) })
}

/// The message to be answered.
struct Reply {
    message_id: i64,
    may_be_missing: bool,
}

impl Reply {
    fn read(args: &Args) -> Result<Self, String> {
        let Some(parameters) = args.find("reply_parameters") else {
            let message_id = args.id("reply_to_message_id").unwrap_or_default();
            return Ok(Self { message_id, may_be_missing: args.flag("allow_sending_without_reply") });
        };
        let parameters = json::argument(parameters, "reply parameters")?.unwrap_or_default();
        if parameters.is_empty() {
            return Ok(Self { message_id: 0, may_be_missing: true });
        }
        let message_id = json::required_integer(&parameters, "message_id")?.max(0);
        Ok(Self { message_id, may_be_missing: json::boolean(&parameters, "allow_sending_without_reply")? })
    }

    fn find(&self, chat: &Chat) -> Result<Option<i64>, Refusal> {
        let found = chat.message(self.message_id).map(|message| message.message_id);
        if found.is_none() && self.message_id > 0 && !self.may_be_missing {
            return Err(Refusal::bad_request("message to be replied not found"));
        }
        Ok(found)
    }
}
