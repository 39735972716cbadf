//! The chats that a bot has heard of lately, from the updates that wait for it.

use std::collections::{HashMap, HashSet};

use integrations_core::{DeliveryError, provider::Place, text};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{bot::Bot, verify::Chat};

/// The most that Telegram gives at once.
const MAX_UPDATES: u8 = 100;

/// Lists the chats in the bot's waiting updates, the latest first.
///
/// No offset is given, so that no update is confirmed and taken from whoever else reads them. Telegram keeps them for
/// a day (<https://core.telegram.org/bots/api#getting-updates>).
pub(crate) async fn targets(bot: &Bot<'_>) -> Result<Vec<Place>, DeliveryError> {
    let parameters = json!({ "limit": MAX_UPDATES, "timeout": 0 });
    let updates: Vec<Map<String, Value>> = bot.ask("getUpdates", &parameters).await?;
    Ok(places(updates))
}

/// The part of an update that tells where it comes from: a message, a post, a change of membership, a request to join.
#[derive(Deserialize)]
struct Happening {
    chat: Chat,
    migrate_to_chat_id: Option<i64>,
    new_chat_member: Option<Member>,
}

#[derive(Deserialize)]
struct Member {
    status: String,
    is_member: Option<bool>,
}

impl Member {
    /// <https://core.telegram.org/bots/api#chatmember>
    fn is_there(&self) -> bool {
        !matches!(self.status.as_str(), "left" | "kicked") && self.is_member != Some(false)
    }
}

fn places(updates: Vec<Map<String, Value>>) -> Vec<Place> {
    let (mut moved, mut settled, mut places) = (HashMap::new(), HashSet::new(), Vec::new());
    for (name, value) in updates.into_iter().rev().flatten() {
        let Ok(happening) = serde_json::from_value::<Happening>(value) else { continue };
        let mut chat = happening.chat;
        if let Some(number) = happening.migrate_to_chat_id {
            moved.insert(chat.id, number);
        }
        if let Some(number) = moved.get(&chat.id) {
            chat.id = *number;
            chat.kind = "supergroup".to_owned();
        }
        let is_there = name != "my_chat_member" || happening.new_chat_member.is_none_or(|bot| bot.is_there());
        if settled.insert(chat.id) && is_there {
            let kind = text::single_line(&chat.kind).into_owned();
            places.push(Place { id: chat.id.to_string(), label: chat.label(), kind });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: i64, title: &str) -> Value {
        json!({ "id": id, "type": "group", "title": title })
    }

    fn listed(updates: Value) -> Vec<String> {
        let places = places(serde_json::from_value(updates).unwrap());
        places.into_iter().map(|place| format!("{} {} {}", place.id, place.kind, place.label)).collect()
    }

    #[test]
    fn the_latest_come_first_and_each_once() {
        let person = json!({ "id": 12345, "type": "private", "first_name": "Ada", "last_name": "L\u{202e}ovelace" });
        let channel = json!({ "id": -1_001, "type": "channel", "username": "my_channel" });
        let updates = json!([
            { "update_id": 1, "message": { "chat": group(-5, "Old title"), "text": "a" } },
            { "update_id": 2, "message": { "chat": person } },
            { "update_id": 3, "channel_post": { "chat": channel } },
            { "update_id": 4, "edited_message": { "chat": group(-5, "New title") } },
            { "update_id": 5, "poll": { "id": "1" } },
            { "update_id": 6, "something_new": [1] },
            { "update_id": 7, "chat_join_request": { "chat": group(-6, "") } },
        ]);
        let expected = ["-6 group -6", "-5 group New title", "-1001 channel @my_channel", "12345 private Ada Lovelace"];
        assert_eq!(listed(updates), expected);
    }

    #[test]
    fn chats_that_the_bot_has_left_are_left_out() {
        let change = |id: i64, status: &str, is_member: Option<bool>| {
            let member = json!({ "status": status, "is_member": is_member });
            json!({ "my_chat_member": { "chat": group(id, "G"), "new_chat_member": member } })
        };
        let updates = json!([
            { "message": { "chat": group(-1, "G") } },
            change(-1, "kicked", None),
            change(-2, "left", None),
            change(-2, "administrator", None),
            change(-3, "restricted", Some(false)),
            change(-4, "restricted", Some(true)),
            { "chat_member": { "chat": group(-5, "G"), "new_chat_member": { "status": "left" } } },
        ]);
        assert_eq!(listed(updates), ["-5 group G", "-4 group G", "-2 group G"]);
    }

    #[test]
    fn a_group_that_moved_stands_under_its_new_number() {
        let updates = json!([
            { "message": { "chat": group(-1, "G"), "text": "before" } },
            { "message": { "chat": group(-1, "G"), "migrate_to_chat_id": -1_009 } },
        ]);
        assert_eq!(listed(updates), ["-1009 supergroup G"]);
    }
}
