//! How a sandbox behaves: its clock, its flood limits, how much it remembers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How a sandbox behaves. The default has no flood limits, the system clock, and remembers 100,000 messages.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many messages a bot may send before it is told to wait.
    pub limits: Limits,
    /// Where the time comes from.
    pub clock: Clock,
    /// How many messages of each chat, received messages in all, and calls are kept; the oldest go first,
    /// and the counters stay exact.
    pub keep: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { limits: Limits::default(), clock: Clock::system(), keep: 100_000 }
    }
}

/// How many messages a bot may send. By default as many as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Into one chat of any kind.
    pub per_chat: Option<Limit>,
    /// Into one group, supergroup or channel, besides `per_chat`.
    pub per_group: Option<Limit>,
    /// Into all chats together.
    pub per_bot: Option<Limit>,
}

impl Limits {
    /// What Telegram tells bot authors to expect: one message a second into a chat with short bursts,
    /// 20 a minute into a group, 30 a second in all
    /// (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>).
    #[must_use]
    pub fn faq() -> Self {
        let limit = |messages, seconds| Some(Limit { messages, period: Duration::from_secs(seconds) });
        Self { per_chat: limit(3, 3), per_group: limit(20, 60), per_bot: limit(30, 1) }
    }
}

/// So many messages in any period of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many messages pass.
    pub messages: usize,
    /// Within how long a time.
    pub period: Duration,
}

/// Tells the time since the Unix epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// A clock of one's own, for tests that decide what time it is.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time of this machine; it never goes back.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    pub fn system() -> Self {
        let start = std::time::Instant::now();
        let epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::new(move || epoch + start.elapsed())
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}
