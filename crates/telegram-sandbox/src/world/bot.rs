//! A bot: its token, what it has been told, how fast it sends.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::flood::Gates;

/// A bot to be made.
///
/// ```
/// use telegram_sandbox::NewBot;
///
/// let bot = NewBot::new(42).username("inbox_bot").name("Inbox").token("42:a-token-of-my-own");
/// ```
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBot {
    pub(super) id: i64,
    pub(super) token: Option<String>,
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
}

impl NewBot {
    /// A bot with this identifier, which is above zero.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self { id, token: None, username: None, name: None }
    }

    /// Its token, which starts with the identifier and a colon. Without one the sandbox makes it.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Its username, without the `@`.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The name that people see.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl fmt::Debug for NewBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewBot").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}

/// A bot of the sandbox.
pub(crate) struct Bot {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) webhook: Option<String>,
    pub(crate) inbox: Inbox,
    pub(crate) gates: Gates,
    token: String,
    revoked: u32,
}

impl Bot {
    pub(super) fn new(new: NewBot) -> Self {
        Self {
            id: new.id,
            username: new.username.unwrap_or_else(|| format!("sandbox_{}_bot", new.id)),
            name: new.name.unwrap_or_else(|| "Sandbox bot".into()),
            webhook: None,
            inbox: Inbox::default(),
            gates: Gates::default(),
            token: new.token.unwrap_or_else(|| token(new.id, 0)),
            revoked: 0,
        }
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Makes the old token worthless.
    pub(super) fn revoke(&mut self) {
        self.revoked += 1;
        self.token = token(self.id, self.revoked);
    }
}

/// A token with the 35 characters after the colon that real ones have.
fn token(bot: i64, number: u32) -> String {
    format!("{bot}:{number:035}")
}

/// The bot that a well-formed token names
/// (<https://core.telegram.org/bots/api#authorizing-your-bot>).
pub(crate) fn bot_of_token(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let is_token = !id.starts_with('0')
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && !secret.is_empty()
        && secret.bytes().all(is_secret)
        && token.len() <= 80;
    id.parse().ok().filter(|_| is_token)
}

/// The updates that wait for a bot.
#[derive(Default)]
pub(crate) struct Inbox {
    waiting: VecDeque<Update>,
    last_id: i64,
    /// The kinds that the bot asked for; empty for all.
    pub(crate) kinds: BTreeSet<String>,
    /// Counts calls of getUpdates: a newer call ends the older one.
    pub(crate) polls: u64,
}

/// Something that happened, as getUpdates tells it.
#[derive(Clone)]
pub(crate) struct Update {
    pub(crate) id: i64,
    pub(crate) kind: &'static str,
    pub(crate) body: Value,
}

impl Inbox {
    pub(super) fn push(&mut self, kind: &'static str, body: Value) {
        if self.kinds.is_empty() || self.kinds.contains(kind) {
            self.last_id += 1;
            self.waiting.push_back(Update { id: self.last_id, kind, body });
        }
    }

    /// Forgets the updates below `offset`; a negative offset keeps so many of the latest.
    pub(crate) fn confirm(&mut self, offset: i64) {
        let first = if offset < 0 { self.last_id + 1 + offset } else { offset };
        self.waiting.retain(|update| update.id >= first);
    }

    pub(crate) fn first(&self, limit: usize) -> Vec<Update> {
        self.waiting.iter().take(limit).cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }
}
