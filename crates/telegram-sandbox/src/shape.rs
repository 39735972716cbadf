//! The JSON shapes of the Bot API: users, chats, messages (<https://core.telegram.org/bots/api#available-types>).

use serde_json::{Map, Value, json};

use crate::text::Entity;
use crate::world::{Author, Bot, Chat, ChatKind, Message, Standing, State};

/// A `User` that is a bot.
pub(crate) fn bot(bot: &Bot) -> Value {
    json!({"id": bot.id, "is_bot": true, "first_name": bot.name, "username": bot.username})
}

/// A `User` that is a person. In a private chat it is the person of the chat, elsewhere somebody.
pub(crate) fn person(chat: &Chat, name: &str) -> Value {
    let id = if chat.kind == ChatKind::Private { chat.id } else { 1 };
    json!({"id": id, "is_bot": false, "first_name": name})
}

/// A `Chat`.
pub(crate) fn chat(chat: &Chat) -> Value {
    let mut object = Map::new();
    object.insert("id".into(), chat.id.into());
    object.insert("type".into(), chat.kind.name().into());
    let title = if chat.kind == ChatKind::Private { "first_name" } else { "title" };
    object.insert(title.into(), chat.title.as_str().into());
    if let Some(username) = &chat.username {
        object.insert("username".into(), username.as_str().into());
    }
    if chat.topics.is_some() {
        object.insert("is_forum".into(), true.into());
    }
    Value::Object(object)
}

/// A `ChatFullInfo`, with the fields that are always there.
pub(crate) fn full_chat(it: &Chat) -> Value {
    let mut object = chat(it);
    if let Value::Object(fields) = &mut object {
        let gifts = json!({"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
            "premium_subscription": false, "gifts_from_channels": false});
        fields.insert("accent_color_id".into(), 0.into());
        fields.insert("max_reaction_count".into(), 11.into());
        fields.insert("accepted_gift_types".into(), gifts);
        if matches!(it.kind, ChatKind::Group | ChatKind::Supergroup) {
            fields.insert("permissions".into(), json!({"can_send_messages": true}));
        }
    }
    object
}

/// A `ChatMember`.
pub(crate) fn member(user: &Value, chat: &Chat, standing: Standing) -> Value {
    let mut object = json!({"user": user, "status": standing.name()});
    let rights = match standing {
        Standing::Administrator => administrator_rights(chat.kind == ChatKind::Channel),
        Standing::Restricted => json!({"is_member": true, "can_send_messages": false, "until_date": 0}),
        Standing::Kicked => json!({"until_date": 0}),
        Standing::Member | Standing::Left => json!({}),
    };
    if let (Value::Object(fields), Value::Object(rights)) = (&mut object, rights) {
        fields.extend(rights);
    }
    object
}

fn administrator_rights(is_channel: bool) -> Value {
    let mut rights = json!({"can_be_edited": false, "is_anonymous": false, "can_manage_chat": true,
        "can_delete_messages": true, "can_manage_video_chats": true, "can_restrict_members": true,
        "can_promote_members": false, "can_change_info": true, "can_invite_users": true,
        "can_post_stories": false, "can_edit_stories": false, "can_delete_stories": false});
    if let Value::Object(fields) = &mut rights {
        let more = if is_channel {
            ["can_post_messages", "can_edit_messages"]
        } else {
            ["can_pin_messages", "can_manage_topics"]
        };
        fields.extend(more.map(|right| (right.to_owned(), Value::Bool(true))));
    }
    rights
}

/// A `Message`, with the message that it answers.
pub(crate) fn message(state: &State, chat: &Chat, message: &Message) -> Value {
    let mut object = bare_message(state, chat, message);
    if let (Value::Object(fields), Some(answered)) = (&mut object, message.reply_to.and_then(|id| chat.message(id))) {
        fields.insert("reply_to_message".into(), bare_message(state, chat, answered));
    }
    object
}

fn bare_message(state: &State, it: &Chat, message: &Message) -> Value {
    let mut object = Map::new();
    object.insert("message_id".into(), message.message_id.into());
    let (role, author) = author(state, it, message);
    object.insert(role.into(), author);
    object.insert("chat".into(), chat(it));
    object.insert("date".into(), (message.at_ms / 1000).into());
    if let Some(edited) = message.edited_at_ms {
        object.insert("edit_date".into(), (edited / 1000).into());
    }
    if let Some(thread_id) = message.thread_id {
        object.insert("message_thread_id".into(), thread_id.into());
        object.insert("is_topic_message".into(), true.into());
    }
    if message.protected {
        object.insert("has_protected_content".into(), true.into());
    }
    object.insert("text".into(), message.content.text.as_str().into());
    if !message.content.entities.is_empty() {
        object.insert("entities".into(), message.content.entities.iter().map(Entity::to_json).collect());
    }
    if !message.buttons.is_empty() {
        object.insert("reply_markup".into(), json!({"inline_keyboard": message.buttons}));
    }
    Value::Object(object)
}

fn author(state: &State, it: &Chat, message: &Message) -> (&'static str, Value) {
    match &message.from {
        _ if it.kind == ChatKind::Channel => ("sender_chat", chat(it)),
        Author::Bot(id) => ("from", state.bots.get(id).map(bot).unwrap_or_default()),
        Author::Person(name) => ("from", person(it, name)),
    }
}
