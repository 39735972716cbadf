//! Whether a bot may look into a chat or write there. The rules and words are those of the Bot API server
//! (`check_chat` in <https://github.com/tdlib/telegram-bot-api>).

use super::{Chat, ChatKind, Refusal, Standing, State};

/// What a call wants to do with a chat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Look at it.
    Read,
    /// Change a message of its own.
    Edit,
    /// Write into it.
    Write,
}

impl State {
    /// The chat that a `chat_id` means, if the bot may do that there.
    pub(crate) fn open_chat(&self, bot: i64, chat_id: &str, access: Access) -> Result<&Chat, Refusal> {
        if chat_id.is_empty() {
            return Err(Refusal::bad_request("chat_id is empty"));
        }
        let chat = self.find_chat(chat_id).ok_or_else(|| Refusal::bad_request("chat not found"))?;
        let standing = chat.bots.get(&bot).copied();
        if standing.is_none() && !chat.is_public() {
            return Err(Refusal::bad_request("chat not found"));
        }
        chat.admit(standing.unwrap_or(Standing::Left), access).map(|()| chat)
    }

    /// The chat that a number or the `@name` of a public chat means.
    pub(crate) fn find_chat(&self, chat_id: &str) -> Option<&Chat> {
        let Some(name) = chat_id.strip_prefix('@') else { return self.chats.get(&chat_id.parse().ok()?) };
        let is_named = |chat: &&Chat| chat.username.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        self.chats.values().filter(|chat| chat.is_public()).find(is_named)
    }
}

impl Chat {
    fn admit(&self, standing: Standing, access: Access) -> Result<(), Refusal> {
        match (self.kind, access) {
            (ChatKind::Private, Access::Edit | Access::Write) if self.deactivated => {
                Err(Refusal::forbidden("user is deactivated"))
            }
            (ChatKind::Private, _) | (ChatKind::Group, Access::Read) => Ok(()),
            (ChatKind::Group, _) => self.admit_to_group(standing, access),
            (_, Access::Read) if self.is_public() && standing == Standing::Left => Ok(()),
            _ => self.check_membership(standing),
        }
    }

    /// A group that is gone says so to those who want to write, before it looks at who they are.
    fn admit_to_group(&self, standing: Standing, access: Access) -> Result<(), Refusal> {
        match (self.upgraded_to, access) {
            (Some(supergroup), Access::Write) => Err(Refusal::migrated(supergroup)),
            (None, Access::Write) if self.deactivated => Err(Refusal::forbidden("the group chat was deleted")),
            (None, _) if !self.deactivated => self.check_membership(standing),
            _ => Ok(()),
        }
    }

    fn check_membership(&self, standing: Standing) -> Result<(), Refusal> {
        let kind = self.kind.name();
        match standing {
            Standing::Kicked => Err(Refusal::forbidden(&format!("bot was kicked from the {kind} chat"))),
            Standing::Left => Err(Refusal::forbidden(&format!("bot is not a member of the {kind} chat"))),
            Standing::Member | Standing::Administrator | Standing::Restricted => Ok(()),
        }
    }

    /// The topic that a message goes to, which is none outside forums.
    pub(crate) fn thread(&self, thread_id: Option<i64>) -> Result<Option<i64>, Refusal> {
        let Some(thread_id) = thread_id else { return Ok(None) };
        match (&self.topics, self.kind) {
            (Some(topics), _) if topics.contains_key(&thread_id) => Ok(Some(thread_id)),
            (None, ChatKind::Group | ChatKind::Supergroup | ChatKind::Channel) => Ok(None),
            _ => Err(Refusal::bad_request("message thread not found")),
        }
    }

    /// Channels take messages from administrators only; this is known before the message is looked at.
    pub(crate) fn check_channel(&self, bot: i64) -> Result<(), Refusal> {
        if self.kind == ChatKind::Channel && self.standing(bot) != Standing::Administrator {
            return Err(Refusal::bad_request("need administrator rights in the channel chat"));
        }
        Ok(())
    }

    /// What only shows when a message that is in order arrives.
    pub(crate) fn check_delivery(&self, bot: i64, thread_id: Option<i64>) -> Result<(), Refusal> {
        let standing = self.standing(bot);
        match (self.kind, standing) {
            (ChatKind::Private, Standing::Kicked) => Err(Refusal::forbidden("bot was blocked by the user")),
            (ChatKind::Private, Standing::Left) => {
                Err(Refusal::forbidden("bot can't initiate conversation with a user"))
            }
            (ChatKind::Private, _) => Ok(()),
            (_, Standing::Restricted) => {
                Err(Refusal::bad_request("not enough rights to send text messages to the chat"))
            }
            (_, Standing::Administrator) => Ok(()),
            _ if thread_id.is_some_and(|thread_id| self.is_closed(thread_id)) => {
                Err(Refusal::bad_request("TOPIC_CLOSED"))
            }
            _ => Ok(()),
        }
    }

    fn standing(&self, bot: i64) -> Standing {
        self.bots.get(&bot).copied().unwrap_or(Standing::Left)
    }

    fn is_closed(&self, thread_id: i64) -> bool {
        self.topics.as_ref().and_then(|topics| topics.get(&thread_id)).is_some_and(|topic| topic.closed)
    }
}
