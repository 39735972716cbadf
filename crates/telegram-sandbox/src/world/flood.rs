//! Flood limits: who sends too fast must wait.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::{Chat, ChatKind, Refusal};
use crate::config::{Limit, Limits};

/// When a bot sent its latest messages.
#[derive(Default)]
pub(crate) struct Gates {
    all: Gate,
    chats: HashMap<i64, Gate>,
    groups: HashMap<i64, Gate>,
}

impl Gates {
    /// Lets one more message into the chat, or says how long to wait.
    pub(crate) fn pass(&mut self, limits: &Limits, chat: &Chat, now: Duration) -> Result<(), Refusal> {
        let group = limits.per_group.filter(|_| chat.kind != ChatKind::Private);
        let mut gates: Vec<(&mut Gate, Limit)> = Vec::new();
        gates.extend(limits.per_bot.map(|limit| (&mut self.all, limit)));
        gates.extend(limits.per_chat.map(|limit| (self.chats.entry(chat.id).or_default(), limit)));
        gates.extend(group.map(|limit| (self.groups.entry(chat.id).or_default(), limit)));
        let wait = gates.iter().map(|(gate, limit)| gate.wait(*limit, now)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(Refusal::flood(wait));
        }
        for (gate, limit) in gates {
            gate.record(limit, now);
        }
        Ok(())
    }
}

/// The times of the latest messages, as many as the limit counts.
#[derive(Default)]
struct Gate(VecDeque<Duration>);

impl Gate {
    fn wait(&self, limit: Limit, now: Duration) -> Duration {
        match self.0.front() {
            Some(first) if self.0.len() >= limit.messages => (*first + limit.period).saturating_sub(now),
            _ => Duration::ZERO,
        }
    }

    fn record(&mut self, limit: Limit, now: Duration) {
        self.0.push_back(now);
        let extra = self.0.len().saturating_sub(limit.messages);
        self.0.drain(..extra);
    }
}
