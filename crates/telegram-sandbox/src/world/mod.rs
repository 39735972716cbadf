//! Telegram's side of things in memory: bots, chats, and what happens between them.

mod access;
mod bot;
mod chat;
mod control;
mod fault;
mod flood;
mod journal;
mod message;
mod refusal;
mod script;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use access::Access;
pub use bot::NewBot;
pub(crate) use bot::{Bot, Update, bot_of_token};
pub(crate) use chat::NewTopic;
pub use chat::{Chat, ChatKind, NewChat, Standing, Topic};
pub use control::WorldError;
pub use fault::Fault;
pub(crate) use fault::FaultAnswer;
pub use journal::Call;
pub use message::{Action, Author, Button, Message};
pub(crate) use refusal::Refusal;

use crate::config::{Clock, Config, Limits};
use crate::shape;
use journal::Journal;
use script::Script;

/// Bots, chats and messages. Everything that people do on the Telegram side is done here:
/// add a bot to a group, block it, write to it, make calls go wrong, and read what has arrived.
pub struct World {
    state: Mutex<State>,
    changed: watch::Sender<()>,
    clock: Clock,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) bots: BTreeMap<i64, Bot>,
    pub(crate) chats: BTreeMap<i64, Chat>,
    pub(crate) limits: Limits,
    script: Script,
    calls: Journal<Call>,
    received: Journal<Arc<Message>>,
    messages: u64,
    keep: usize,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let state = State {
            bots: BTreeMap::new(),
            chats: BTreeMap::new(),
            limits: config.limits,
            script: Script::default(),
            calls: Journal::new(config.keep),
            received: Journal::new(config.keep),
            messages: 0,
            keep: config.keep,
        };
        Self { state: Mutex::new(state), changed: watch::Sender::new(()), clock: config.clock }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state at the present time, and wakes everybody who waits for a change.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut State, Duration) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut state, self.clock.now());
        drop(state);
        self.changed.send_replace(());
        result
    }

    /// Looks again after every change until there is something to see.
    pub(crate) fn wait<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> impl Future<Output = T> {
        let mut changes = self.changed.subscribe();
        async move {
            loop {
                if let Some(found) = self.read(&mut look) {
                    return found;
                }
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bots, chats) = self.read(|state| (state.bots.len(), state.chats.len()));
        f.debug_struct("World").field("bots", &bots).field("chats", &chats).finish_non_exhaustive()
    }
}

/// What a new message consists of.
pub(crate) struct Draft {
    pub(crate) from: Author,
    pub(crate) content: crate::text::FormattedText,
    pub(crate) thread_id: Option<i64>,
    pub(crate) reply_to: Option<i64>,
    pub(crate) buttons: Vec<Vec<Button>>,
    pub(crate) silent: bool,
    pub(crate) protected: bool,
}

impl State {
    /// Whether a token is that of the bot it names.
    pub(crate) fn is_authorized(&self, bot: i64, token: &str) -> bool {
        self.bots.get(&bot).is_some_and(|bot| bot.token() == token)
    }

    pub(crate) fn take_fault(&mut self, bot: i64, method: &str, chat_id: Option<&str>) -> Option<Fault> {
        let chat = chat_id.and_then(|chat_id| self.find_chat(chat_id)).map(|chat| chat.id);
        let chat = chat.or_else(|| chat_id?.parse().ok());
        self.script.take(bot, method, chat)
    }

    pub(crate) fn take_reset(&mut self, bot: i64, method: &str) -> Option<Fault> {
        self.script.take_reset(bot, method)
    }

    pub(crate) fn log(&mut self, mut call: Call) {
        call.sequence = self.calls.next();
        self.calls.push(call);
    }

    /// Lets a bot send one more message into a chat, or says how long it must wait.
    pub(crate) fn pass_gates(&mut self, bot: i64, chat_id: i64, now: Duration) -> Result<(), Refusal> {
        match (self.bots.get_mut(&bot), self.chats.get(&chat_id)) {
            (Some(bot), Some(chat)) => bot.gates.pass(&self.limits, chat, now),
            _ => Ok(()),
        }
    }

    /// Puts a message into a chat.
    pub(crate) fn post(&mut self, chat_id: i64, draft: Draft, now: Duration) -> Option<Arc<Message>> {
        let chat = self.chats.get_mut(&chat_id)?;
        self.messages += 1;
        chat.last_message_id += 1;
        let message = Arc::new(Message {
            sequence: self.messages,
            at_ms: millis(now),
            chat_id,
            message_id: chat.last_message_id,
            from: draft.from,
            thread_id: draft.thread_id,
            reply_to: draft.reply_to,
            content: draft.content,
            buttons: draft.buttons,
            silent: draft.silent,
            protected: draft.protected,
            edited_at_ms: None,
        });
        chat.push(Arc::clone(&message), self.keep);
        if message.is_from_bot() {
            chat.accepted += 1;
            self.received.push(Arc::clone(&message));
        }
        Some(message)
    }

    /// Tells every bot in a chat what a person did there.
    fn tell(&mut self, chat_id: i64, body: &Value) {
        let Some(chat) = self.chats.get(&chat_id) else { return };
        let kind = if chat.kind == ChatKind::Channel { "channel_post" } else { "message" };
        for (bot, standing) in &chat.bots {
            let hears = matches!(standing, Standing::Member | Standing::Administrator | Standing::Restricted);
            if let Some(bot) = self.bots.get_mut(bot).filter(|_| hears) {
                bot.inbox.push(kind, body.clone());
            }
        }
    }

    /// Tells a bot what it now is to a chat.
    fn tell_standing(&mut self, chat_id: i64, bot: i64, old: Standing, new: Standing, now: Duration) {
        let (Some(chat), Some(bot)) = (self.chats.get(&chat_id), self.bots.get_mut(&bot)) else { return };
        let member = |standing| shape::member(&shape::bot(bot), chat, standing);
        let body = json!({"chat": shape::chat(chat), "from": shape::person(chat, "Somebody"), "date": now.as_secs(),
            "old_chat_member": member(old), "new_chat_member": member(new)});
        bot.inbox.push("my_chat_member", body);
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
