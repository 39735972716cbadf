//! A chat, who is in it, and what it holds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Message;

/// Identifiers of supergroups and channels lie below this one.
pub(super) const SUPERGROUPS: i64 = -1_000_000_000_000;

/// A chat to be made.
///
/// ```
/// use telegram_sandbox::{NewChat, Standing};
///
/// let team = NewChat::supergroup(-1_001_234_567_890, "Team")
///     .username("team_chat")
///     .topic(7, "Mail")
///     .bot(42, Standing::Member);
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChat {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: ChatKind,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) forum: bool,
    #[serde(default)]
    pub(crate) topics: Vec<NewTopic>,
    #[serde(default)]
    pub(crate) bots: Vec<NewMember>,
}

/// A topic of a forum to be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewTopic {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) closed: bool,
}

/// What a bot is to a chat to be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewMember {
    pub(crate) id: i64,
    pub(crate) standing: Standing,
}

impl NewChat {
    fn new(id: i64, kind: ChatKind, title: impl Into<String>) -> Self {
        Self { id, kind, title: title.into(), username: None, forum: false, topics: Vec::new(), bots: Vec::new() }
    }

    /// The private chat with a person. `id` is above zero.
    pub fn private(id: i64, name: impl Into<String>) -> Self {
        Self::new(id, ChatKind::Private, name)
    }

    /// A basic group. `id` is below zero and above -10¹².
    pub fn group(id: i64, title: impl Into<String>) -> Self {
        Self::new(id, ChatKind::Group, title)
    }

    /// A supergroup. `id` is below -10¹².
    pub fn supergroup(id: i64, title: impl Into<String>) -> Self {
        Self::new(id, ChatKind::Supergroup, title)
    }

    /// A channel. `id` is below -10¹².
    pub fn channel(id: i64, title: impl Into<String>) -> Self {
        Self::new(id, ChatKind::Channel, title)
    }

    /// Gives it a name, which makes a supergroup or channel public. Without the `@`.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Makes a supergroup a forum, with this open topic.
    #[must_use]
    pub fn topic(mut self, id: i64, name: impl Into<String>) -> Self {
        self.forum = true;
        self.topics.push(NewTopic { id, name: name.into(), closed: false });
        self
    }

    /// Says what a bot is to it. A bot that is not named here has never met the chat.
    #[must_use]
    pub fn bot(mut self, bot: i64, standing: Standing) -> Self {
        self.bots.push(NewMember { id: bot, standing });
        self
    }
}

/// The kinds of chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChatKind {
    /// With one person.
    Private,
    /// A basic group.
    Group,
    /// A supergroup, which may be public or a forum.
    Supergroup,
    /// A channel.
    Channel,
}

impl ChatKind {
    /// The word that the Bot API has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }

    pub(super) fn allows(self, id: i64) -> bool {
        match self {
            Self::Private => id > 0,
            Self::Group => id < 0 && id > SUPERGROUPS,
            Self::Supergroup | Self::Channel => id < SUPERGROUPS,
        }
    }
}

/// What a bot is to a chat that it has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// May write; in a private chat: the person has pressed Start.
    Member,
    /// A member who may also post in a channel and in closed topics.
    Administrator,
    /// A member who may not write.
    Restricted,
    /// Not a member; in a private chat: the person has not pressed Start.
    Left,
    /// Thrown out; in a private chat: blocked by the person.
    Kicked,
}

impl Standing {
    /// The word that the Bot API has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Administrator => "administrator",
            Self::Restricted => "restricted",
            Self::Left => "left",
            Self::Kicked => "kicked",
        }
    }
}

/// A topic of a forum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Whether only administrators may write there.
    pub closed: bool,
}

/// A chat as it stands now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// The identifier.
    pub id: i64,
    /// The kind of chat.
    #[serde(rename = "type")]
    pub kind: ChatKind,
    /// The title; of a private chat the person's name.
    pub title: String,
    /// The name without the `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The topics by identifier, if it is a forum. The General topic has no identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topics: Option<BTreeMap<i64, Topic>>,
    /// What bots are to it, by the bots' identifiers.
    pub bots: BTreeMap<i64, Standing>,
    /// Whether the person deleted the account, or the group was deleted.
    pub deactivated: bool,
    /// The supergroup that it has become.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgraded_to: Option<i64>,
    /// How many messages bots have sent here in all, whether or not they are still kept.
    pub accepted: u64,
    /// The number of the latest message.
    pub last_message_id: i64,
    /// The messages that are kept, oldest first. Those that were deleted are gone.
    #[serde(skip)]
    pub messages: VecDeque<Arc<Message>>,
}

impl Chat {
    pub(super) fn new(new: NewChat) -> Self {
        let topics = new.topics.into_iter().map(|it| (it.id, Topic { name: it.name, closed: it.closed }));
        Self {
            id: new.id,
            kind: new.kind,
            title: new.title,
            username: new.username,
            topics: new.forum.then(|| topics.collect()),
            bots: new.bots.into_iter().map(|it| (it.id, it.standing)).collect(),
            deactivated: false,
            upgraded_to: None,
            accepted: 0,
            last_message_id: 0,
            messages: VecDeque::new(),
        }
    }

    /// Whether everybody can find it by name.
    pub(crate) fn is_public(&self) -> bool {
        self.username.is_some() && matches!(self.kind, ChatKind::Supergroup | ChatKind::Channel)
    }

    /// The message of this number, if it is kept.
    #[must_use]
    pub fn message(&self, message_id: i64) -> Option<&Arc<Message>> {
        self.position(message_id).and_then(|at| self.messages.get(at))
    }

    pub(super) fn push(&mut self, message: Arc<Message>, keep: usize) {
        self.messages.push_back(message);
        let extra = self.messages.len().saturating_sub(keep);
        self.messages.drain(..extra);
    }

    pub(crate) fn replace(&mut self, message: Arc<Message>) {
        if let Some(place) = self.position(message.message_id).and_then(|at| self.messages.get_mut(at)) {
            *place = message;
        }
    }

    pub(crate) fn delete(&mut self, message_id: i64) {
        if let Some(at) = self.position(message_id) {
            self.messages.remove(at);
        }
    }

    fn position(&self, message_id: i64) -> Option<usize> {
        self.messages.binary_search_by_key(&message_id, |message| message.message_id).ok()
    }
}
