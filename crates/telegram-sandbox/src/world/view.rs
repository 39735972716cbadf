//! What can be seen of the Telegram side.

use std::future::Future;
use std::sync::Arc;

use super::{Call, Chat, Message, State, World};

impl World {
    /// The chats with the messages that they hold.
    #[must_use]
    pub fn chats(&self) -> Vec<Chat> {
        self.read(|state| state.chats.values().cloned().collect())
    }

    /// One chat with the messages that it holds.
    #[must_use]
    pub fn chat(&self, chat: i64) -> Option<Chat> {
        self.read(|state| state.chats.get(&chat).cloned())
    }

    /// The messages that bots have sent into a chat and that it still holds, oldest first.
    #[must_use]
    pub fn messages(&self, chat: i64) -> Vec<Arc<Message>> {
        self.read(|state| state.messages_of(chat))
    }

    /// The messages that bots have sent into any chat, as they arrived, with numbers above `after`.
    /// Messages that were edited or deleted later are among them.
    #[must_use]
    pub fn received(&self, after: u64) -> Vec<Arc<Message>> {
        self.read(|state| state.received.after(|message| message.sequence <= after).cloned().collect())
    }

    /// How many messages bots have sent into all chats, whether or not they are still kept.
    #[must_use]
    pub fn received_total(&self) -> u64 {
        self.read(|state| state.received.total())
    }

    /// The calls of the Bot API with numbers above `after`.
    #[must_use]
    pub fn calls(&self, after: u64) -> Vec<Call> {
        self.read(|state| state.calls.after(|call| call.sequence <= after).cloned().collect())
    }

    /// How many calls of the Bot API there have been.
    #[must_use]
    pub fn calls_total(&self) -> u64 {
        self.read(|state| state.calls.total())
    }

    /// Waits until bots have sent so many messages into a chat, and gives those that it holds then.
    pub fn wait_for_messages(&self, chat: i64, count: u64) -> impl Future<Output = Vec<Arc<Message>>> {
        self.wait(move |state| {
            let accepted = state.chats.get(&chat).map_or(0, |chat| chat.accepted);
            (accepted >= count).then(|| state.messages_of(chat))
        })
    }

    /// Waits until there have been so many calls of the Bot API.
    pub fn wait_for_calls(&self, count: u64) -> impl Future<Output = Vec<Call>> {
        self.wait(move |state| (state.calls.total() >= count).then(|| state.calls.after(|_| false).cloned().collect()))
    }
}

impl State {
    fn messages_of(&self, chat: i64) -> Vec<Arc<Message>> {
        let messages = self.chats.get(&chat).into_iter().flat_map(|chat| &chat.messages);
        messages.filter(|message| message.is_from_bot()).cloned().collect()
    }
}
