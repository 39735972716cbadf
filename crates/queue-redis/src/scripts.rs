//! The scripts, the keys that they work on, and how they are called.

use integrations_core::{Finished, QueueEntry, Shares, elapsed};
use jiff::Timestamp;
use redis::{Script, ScriptInvocation};

use crate::{
    ConnectError,
    entry::{encode, encode_time},
};

/// How many entries one call of a script takes.
pub(crate) const BATCH: usize = 200;

pub(crate) struct Scripts {
    keys: [String; 7],
    channel: String,
    push: Script,
    reserve: Script,
    finish: Script,
}

/// What `reserve.lua` is told.
pub(crate) struct Request {
    pub(crate) max: usize,
    pub(crate) lease_millis: u128,
    pub(crate) shares: Shares,
    pub(crate) now: Timestamp,
    /// On the server's clock, in milliseconds.
    pub(crate) until: i64,
}

/// What `reserve.lua` gives: the server's time, when to come again, how many were set aside, and members of `READY`,
/// or nothing if it was called too late.
pub(crate) type Reply = (i64, Option<i64>, usize, Option<Vec<Vec<u8>>>);

impl Scripts {
    pub(crate) fn new(name: &str) -> Result<Self, ConnectError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(ConnectError::Name);
        }
        let key = |part: &str| format!("{{{name}}}:1:{part}");
        let script = |body: &str| Script::new(&format!("{}{body}", include_str!("lua/common.lua")));
        Ok(Self {
            keys: ["entries", "scheduled", "ready", "reserved", "leases", "turns", "aside"].map(key),
            channel: key("pushed"),
            push: script(include_str!("lua/push.lua")),
            reserve: script(include_str!("lua/reserve.lua")),
            finish: script(include_str!("lua/finish.lua")),
        })
    }

    /// Where every push is announced.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// At most [`BATCH`] entries.
    pub(crate) fn push(&self, entries: &[QueueEntry], now: Timestamp) -> ScriptInvocation<'_> {
        let mut call = self.call(&self.push);
        call.arg(&self.channel);
        for entry in entries {
            call.arg(entry.dispatch.to_string()).arg(encode(entry)).arg(delay(now, entry.due));
        }
        call
    }

    pub(crate) fn reserve(&self, request: &Request) -> ScriptInvocation<'_> {
        let Request { max, lease_millis, shares, now, until } = request;
        let mut call = self.call(&self.reserve);
        call.arg(*max).arg(lease_millis.to_string()).arg(shares.lane).arg(shares.organization);
        call.arg(encode_time(*now)).arg(*until);
        call
    }

    /// At most [`BATCH`].
    pub(crate) fn finish(&self, finished: &[Finished], now: Timestamp) -> ScriptInvocation<'_> {
        let mut call = self.call(&self.finish);
        for Finished { dispatch, again_at } in finished {
            call.arg(dispatch.to_string());
            match again_at {
                Some(due) => call.arg(encode_time(*due)).arg(delay(now, *due)),
                None => call.arg("").arg(""),
            };
        }
        call
    }

    fn call<'a>(&'a self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(&self.keys);
        call
    }
}

/// In milliseconds; what is due already has none.
fn delay(now: Timestamp, due: Timestamp) -> String {
    elapsed(now, due).as_millis().to_string()
}
