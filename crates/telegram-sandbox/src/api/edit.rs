//! editMessageText and deleteMessage.

use std::sync::Arc;
use std::time::Duration;

use super::args::Args;
use super::{Answer, Success, keyboard, text};
use crate::shape;
use crate::text::finish;
use crate::world::{Access, Author, Chat, Message, Refusal, Standing, State, millis};

const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

/// Changes the text of a message (<https://core.telegram.org/bots/api#editmessagetext>).
pub(super) fn edit_message_text(state: &mut State, now: Duration, bot: i64, args: &Args) -> Answer {
    let content = text::message_text(args)?;
    let buttons = keyboard::read(args)?;
    if args.get("chat_id").is_empty() && args.id("message_id").is_none() {
        return Err(Refusal::bad_request("message identifier is not specified"));
    }
    let chat = state.open_chat(bot, args.get("chat_id"), Access::Edit)?;
    let message = find(chat, args, "message to edit not found")?;
    if message.from != Author::Bot(bot) {
        return Err(Refusal::bad_request("message can't be edited"));
    }
    let buttons = keyboard::check(buttons)?;
    let content = finish(content).map_err(Refusal::bad_request)?;
    keyboard::check_delivery(&buttons, chat.kind)?;
    if message.content == content && message.buttons == buttons {
        return Err(Refusal::bad_request(NOT_MODIFIED));
    }
    let edited = Message { content, buttons, edited_at_ms: Some(millis(now)), ..Message::clone(message) };
    let chat_id = chat.id;
    state.pass_gates(bot, chat_id, now)?;

    let edited = Arc::new(edited);
    if let Some(chat) = state.chats.get_mut(&chat_id) {
        chat.replace(Arc::clone(&edited));
    }
    let result = state.chats.get(&chat_id).map(|chat| shape::message(state, chat, &edited)).unwrap_or_default();
    Ok(Success { message_id: Some(edited.message_id), ..Success::of(result) })
}

/// Deletes a message (<https://core.telegram.org/bots/api#deletemessage>).
pub(super) fn delete_message(state: &mut State, bot: i64, args: &Args) -> Answer {
    let chat = state.open_chat(bot, args.get("chat_id"), Access::Write)?;
    let message = find(chat, args, "message to delete not found")?;
    let is_administrator = chat.bots.get(&bot) == Some(&Standing::Administrator);
    if message.from != Author::Bot(bot) && !is_administrator {
        return Err(Refusal::bad_request("message can't be deleted"));
    }
    let (chat_id, message_id) = (chat.id, message.message_id);
    if let Some(chat) = state.chats.get_mut(&chat_id) {
        chat.delete(message_id);
    }
    Ok(Success { message_id: Some(message_id), ..Success::of(true) })
}

fn find<'a>(chat: &'a Chat, args: &Args, missing: &str) -> Result<&'a Arc<Message>, Refusal> {
    let message = args.id("message_id").and_then(|id| chat.message(id));
    message.ok_or_else(|| Refusal::bad_request(missing))
}
