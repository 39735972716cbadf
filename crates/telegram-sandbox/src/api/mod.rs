//! The methods of the Bot API that a notifier uses. Checks come in the order in which Telegram makes them,
//! so that a call with two mistakes is refused for the same one.

mod args;
mod chat;
mod edit;
mod json;
mod keyboard;
mod send;
mod text;
mod updates;

use std::time::Duration;

use serde_json::Value;

pub(crate) use args::Args;
pub(crate) use updates::get_updates;

use crate::world::{Refusal, State};

/// What a call comes to.
pub(crate) type Answer = Result<Success, Refusal>;

/// The result of a call that went well.
pub(crate) struct Success {
    pub(crate) result: Value,
    /// A word about it, which only the webhook methods give.
    pub(crate) description: Option<&'static str>,
    /// The message that was sent or edited.
    pub(crate) message_id: Option<i64>,
}

impl Success {
    fn of(result: impl Into<Value>) -> Self {
        Self { result: result.into(), description: None, message_id: None }
    }
}

/// Does what a method says, except for getUpdates, which may have to wait.
pub(crate) fn call(state: &mut State, now: Duration, bot: i64, method: &str, args: &Args) -> Answer {
    match method.to_ascii_lowercase().as_str() {
        "getme" => chat::get_me(state, bot),
        "getchat" => chat::get_chat(state, bot, args),
        "getchatmember" => chat::get_chat_member(state, bot, args),
        "sendchataction" => chat::send_chat_action(state, bot, args),
        "sendmessage" => send::send_message(state, now, bot, args),
        "editmessagetext" => edit::edit_message_text(state, now, bot, args),
        "deletemessage" => edit::delete_message(state, bot, args),
        "setwebhook" => updates::set_webhook(state, bot, args),
        "deletewebhook" => updates::delete_webhook(state, bot, args),
        "getwebhookinfo" => updates::get_webhook_info(state, bot),
        _ => Err(Refusal::new(404, "Not Found: method not found")),
    }
}
