//! Who am I and where: getMe, getChat, getChatMember, sendChatAction.

use super::args::Args;
use super::{Answer, Success};
use crate::shape;
use crate::world::{Access, ChatKind, Refusal, Standing, State};

const ACTIONS: [&str; 14] = [
    "cancel",
    "typing",
    "record_video",
    "upload_video",
    "record_audio",
    "record_voice",
    "upload_audio",
    "upload_voice",
    "upload_photo",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// The bot itself (<https://core.telegram.org/bots/api#getme>).
pub(super) fn get_me(state: &State, bot: i64) -> Answer {
    let mut me = state.bots.get(&bot).map(shape::bot).unwrap_or_default();
    if let Some(fields) = me.as_object_mut() {
        fields.insert("can_join_groups".into(), true.into());
        fields.insert("can_read_all_group_messages".into(), true.into());
        let others = ["supports_inline_queries", "can_connect_to_business", "has_main_web_app"];
        fields.extend(others.map(|name| (name.to_owned(), false.into())));
    }
    Ok(Success::of(me))
}

/// A chat (<https://core.telegram.org/bots/api#getchat>).
pub(super) fn get_chat(state: &State, bot: i64, args: &Args) -> Answer {
    state.open_chat(bot, args.get("chat_id"), Access::Read).map(|chat| Success::of(shape::full_chat(chat)))
}

/// What a user is to a chat (<https://core.telegram.org/bots/api#getchatmember>). Known are bots, and the person
/// of a private chat.
pub(super) fn get_chat_member(state: &State, bot: i64, args: &Args) -> Answer {
    let user_id = args.id("user_id").ok_or_else(|| Refusal::bad_request("invalid user_id specified"))?;
    let chat = state.open_chat(bot, args.get("chat_id"), Access::Read)?;
    if chat.kind == ChatKind::Private && chat.id == user_id {
        return Ok(Success::of(shape::member(&shape::person(chat, &chat.title), chat, Standing::Member)));
    }
    let user = state.bots.get(&user_id).ok_or_else(|| Refusal::bad_request("user not found"))?;
    let standing = chat.bots.get(&user_id).copied().unwrap_or(Standing::Left);
    Ok(Success::of(shape::member(&shape::bot(user), chat, standing)))
}

/// Shows that the bot is about to write (<https://core.telegram.org/bots/api#sendchataction>).
pub(super) fn send_chat_action(state: &State, bot: i64, args: &Args) -> Answer {
    if !ACTIONS.contains(&args.get("action").to_ascii_lowercase().as_str()) {
        return Err(Refusal::bad_request("Wrong parameter action in request"));
    }
    let chat = state.open_chat(bot, args.get("chat_id"), Access::Write)?;
    chat.check_delivery(bot, None)?;
    Ok(Success::of(true))
}
