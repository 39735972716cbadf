//! What people do on the Telegram side.

use std::time::Duration;

use serde_json::json;
use thiserror::Error;

use super::chat::SUPERGROUPS;
use super::{Author, Bot, Chat, ChatKind, Draft, Fault, NewBot, NewChat, Standing, State, Topic, World, bot_of_token};
use crate::shape;
use crate::text::FormattedText;

/// What cannot be done in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorldError {
    /// No such bot.
    #[error("there is no bot {0}; add it first")]
    UnknownBot(i64),
    /// No such chat.
    #[error("there is no chat {0}; add it first")]
    UnknownChat(i64),
    /// The identifier is taken.
    #[error("{0} exists already; choose another identifier")]
    Exists(i64),
    /// The identifier does not fit the kind of chat.
    #[error(
        "{0} cannot be the identifier of such a chat: people are above 0, groups below 0, \
         supergroups and channels below -1000000000000"
    )]
    WrongChatId(i64),
    /// The token is not one of that bot.
    #[error("a token is the bot's identifier, a colon, and letters, digits, - or _")]
    WrongToken,
    /// Only forums have topics.
    #[error("chat {0} is not a forum")]
    NotAForum(i64),
    /// Only basic groups become supergroups.
    #[error("chat {0} is not a basic group that could become a supergroup")]
    NotAGroup(i64),
    /// Only people and basic groups go away.
    #[error("chat {0} is a supergroup or channel; throw the bot out instead")]
    CannotGoAway(i64),
}

impl World {
    /// Makes a bot and gives its token.
    ///
    /// # Errors
    /// The identifier is taken, or the token is not one of that bot.
    pub fn add_bot(&self, new: NewBot) -> Result<String, WorldError> {
        let bot = Bot::new(new);
        if bot_of_token(bot.token()) != Some(bot.id) {
            return Err(WorldError::WrongToken);
        }
        self.change(|state, _| {
            if state.bots.contains_key(&bot.id) {
                return Err(WorldError::Exists(bot.id));
            }
            let token = bot.token().to_owned();
            state.bots.insert(bot.id, bot);
            Ok(token)
        })
    }

    /// Makes a bot's token worthless and gives the new one.
    ///
    /// # Errors
    /// There is no such bot.
    pub fn revoke_token(&self, bot: i64) -> Result<String, WorldError> {
        self.change(|state, _| {
            let bot = state.bots.get_mut(&bot).ok_or(WorldError::UnknownBot(bot))?;
            bot.revoke();
            Ok(bot.token().to_owned())
        })
    }

    /// Makes a chat. The bots in it learn of it as they would from Telegram.
    ///
    /// # Errors
    /// The identifier is taken or does not fit, or a bot in it does not exist.
    pub fn add_chat(&self, new: NewChat) -> Result<(), WorldError> {
        let id = new.id;
        if !new.kind.allows(id) {
            return Err(WorldError::WrongChatId(id));
        }
        let mut chat = Chat::new(new);
        let standings = std::mem::take(&mut chat.bots);
        self.change(|state, now| {
            if state.chats.contains_key(&id) {
                return Err(WorldError::Exists(id));
            }
            if let Some(bot) = standings.keys().find(|bot| !state.bots.contains_key(bot)) {
                return Err(WorldError::UnknownBot(*bot));
            }
            state.chats.insert(id, chat);
            standings.into_iter().try_for_each(|(bot, standing)| state.set_standing(id, bot, standing, now))
        })
    }

    /// Changes what a bot is to a chat: adds it, throws it out, blocks it, mutes it.
    ///
    /// # Errors
    /// There is no such chat or bot.
    pub fn set_standing(&self, chat: i64, bot: i64, standing: Standing) -> Result<(), WorldError> {
        self.change(|state, now| state.set_standing(chat, bot, standing, now))
    }

    /// Makes, closes or reopens a topic of a forum; with none deletes it.
    ///
    /// # Errors
    /// There is no such chat, or it is not a forum.
    pub fn set_topic(&self, chat: i64, topic_id: i64, topic: Option<Topic>) -> Result<(), WorldError> {
        self.change(|state, _| {
            let topics = &mut state.chat_mut(chat)?.topics;
            let topics = topics.as_mut().ok_or(WorldError::NotAForum(chat))?;
            match topic {
                Some(topic) => topics.insert(topic_id, topic),
                None => topics.remove(&topic_id),
            };
            Ok(())
        })
    }

    /// The person deletes the account, or the basic group is deleted.
    ///
    /// # Errors
    /// There is no such chat, or it is a supergroup or channel.
    pub fn deactivate(&self, chat: i64) -> Result<(), WorldError> {
        self.change(|state, _| {
            let chat = state.chat_mut(chat)?;
            if !matches!(chat.kind, ChatKind::Private | ChatKind::Group) {
                return Err(WorldError::CannotGoAway(chat.id));
            }
            chat.deactivated = true;
            Ok(())
        })
    }

    /// A basic group becomes a supergroup, whose identifier is given.
    ///
    /// # Errors
    /// There is no such chat, or it is not a basic group, or has been upgraded before.
    pub fn migrate(&self, group: i64) -> Result<i64, WorldError> {
        self.change(|state, now| state.migrate(group, now))
    }

    /// A person writes into a chat; in a channel it is a post. Gives the number of the message.
    ///
    /// # Errors
    /// There is no such chat.
    pub fn say(&self, chat: i64, text: impl Into<String>) -> Result<i64, WorldError> {
        self.change(|state, now| state.say(chat, text.into(), now))
    }

    /// Makes calls to come go wrong. Of several faults that fit a call the one scripted first hits it.
    pub fn script(&self, fault: Fault) {
        self.change(|state, _| state.script.push(fault));
    }

    /// Calls go well again.
    pub fn clear_faults(&self) {
        self.change(|state, _| state.script.clear());
    }
}

impl State {
    fn chat_mut(&mut self, chat: i64) -> Result<&mut Chat, WorldError> {
        self.chats.get_mut(&chat).ok_or(WorldError::UnknownChat(chat))
    }

    /// A bot learns of every change, except that the first Start in a private chat is just a message.
    fn set_standing(&mut self, chat: i64, bot: i64, new: Standing, now: Duration) -> Result<(), WorldError> {
        if !self.bots.contains_key(&bot) {
            return Err(WorldError::UnknownBot(bot));
        }
        let it = self.chat_mut(chat)?;
        let kind = it.kind;
        let old = it.bots.insert(bot, new).unwrap_or(Standing::Left);
        match (kind, old, new) {
            (ChatKind::Private, Standing::Left, Standing::Member) => self.say(chat, "/start".into(), now).map(drop),
            _ if old == new => Ok(()),
            _ => {
                self.tell_standing(chat, bot, old, new, now);
                Ok(())
            }
        }
    }

    fn say(&mut self, chat: i64, text: String, now: Duration) -> Result<i64, WorldError> {
        let it = self.chat_mut(chat)?;
        let name = if it.kind == ChatKind::Private { it.title.clone() } else { "Somebody".into() };
        let draft = Draft {
            from: Author::Person(name),
            content: FormattedText { text, entities: Vec::new() },
            thread_id: None,
            reply_to: None,
            buttons: Vec::new(),
            silent: false,
            protected: false,
        };
        let message = self.post(chat, draft, now).ok_or(WorldError::UnknownChat(chat))?;
        let body = self.chats.get(&chat).map(|chat| shape::message(self, chat, &message)).unwrap_or_default();
        self.tell(chat, &body);
        Ok(message.message_id)
    }

    fn migrate(&mut self, group: i64, now: Duration) -> Result<i64, WorldError> {
        let mut id = SUPERGROUPS + group;
        while self.chats.contains_key(&id) {
            id -= 1;
        }
        let old = self.chat_mut(group)?;
        if old.kind != ChatKind::Group || old.upgraded_to.is_some() {
            return Err(WorldError::NotAGroup(group));
        }
        old.upgraded_to = Some(id);
        let mut new = Chat::new(NewChat::supergroup(id, old.title.clone()));
        new.bots.clone_from(&old.bots);
        let (before, after) = (shape::chat(old), shape::chat(&new));
        self.chats.insert(id, new);
        let service =
            |chat, key: &str, value: i64| json!({"message_id": 1, "date": now.as_secs(), "chat": chat, key: value});
        self.tell(group, &service(before, "migrate_to_chat_id", id));
        self.tell(id, &service(after, "migrate_from_chat_id", group));
        Ok(id)
    }
}
