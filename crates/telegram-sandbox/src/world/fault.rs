//! Trouble on demand: which calls go wrong, how often, and in what way.

use std::time::Duration;

use serde::Deserialize;

/// Makes calls go wrong. Unless told otherwise it hits the next call of any kind, once, and nothing is done
/// for that call.
///
/// ```
/// use telegram_sandbox::Fault;
///
/// let flood = Fault::flood(7).chat(-100).times(3);
/// let duplicate = Fault::reset().processed().method("sendMessage");
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    pub(crate) answer: FaultAnswer,
    #[serde(default)]
    processed: bool,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    bot: Option<i64>,
    chat: Option<i64>,
    method: Option<String>,
    #[serde(default = "once")]
    pub(super) times: Option<u32>,
}

/// How a call is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum FaultAnswer {
    /// As ever; only a delay makes it a fault.
    Normal,
    /// A refusal in the shape of the Bot API.
    Error { status: u16, description: String, retry_after: Option<u64>, migrate_to_chat_id: Option<i64> },
    /// Any status, headers and body.
    Raw {
        status: u16,
        #[serde(default)]
        headers: Vec<(String, String)>,
        #[serde(default)]
        body: Bytes,
    },
    /// A refusal that repeats the bot's token.
    EchoToken { status: u16 },
    /// Status 200 and a body of so many bytes.
    Huge { bytes: u64 },
    /// The head and the start of a body, and then nothing more.
    Stall,
    /// Nothing at all; the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
}

/// A body, in JSON a string.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "none means forever")]
fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    fn new(answer: FaultAnswer) -> Self {
        Self { answer, processed: false, delay_ms: 0, bot: None, chat: None, method: None, times: once() }
    }

    /// The call is done and answered as ever, but the answer comes late.
    #[must_use]
    pub fn slow(delay: Duration) -> Self {
        Self::new(FaultAnswer::Normal).delay(delay)
    }

    /// The call is refused with this status and description.
    pub fn error(status: u16, description: impl Into<String>) -> Self {
        let description = description.into();
        Self::new(FaultAnswer::Error { status, description, retry_after: None, migrate_to_chat_id: None })
    }

    /// The call is refused with 429 and the request to wait so many seconds.
    #[must_use]
    pub fn flood(seconds: u64) -> Self {
        Self::new(FaultAnswer::Error {
            status: 429,
            description: format!("Too Many Requests: retry after {seconds}"),
            retry_after: Some(seconds),
            migrate_to_chat_id: None,
        })
    }

    /// The call is refused because its group is now this supergroup.
    #[must_use]
    pub fn migrated(chat_id: i64) -> Self {
        Self::new(FaultAnswer::Error {
            status: 400,
            description: "Bad Request: group chat was upgraded to a supergroup chat".into(),
            retry_after: None,
            migrate_to_chat_id: Some(chat_id),
        })
    }

    /// The call is answered with this status, these headers and this body.
    pub fn raw(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::new(FaultAnswer::Raw { status, headers, body: Bytes(body.into()) })
    }

    /// The call is answered with 200 and a body that is not JSON.
    #[must_use]
    pub fn garbage() -> Self {
        Self::raw(200, &[("content-type", "application/json")], *b"\x00\xff{\"ok\":tr")
    }

    /// The call is answered with this status and an HTML page, as a proxy in between does.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::raw(status, &[("content-type", "text/html")], "<html><body><h1>nginx</h1></body></html>")
    }

    /// The call is sent elsewhere with 302.
    #[must_use]
    pub fn redirect(location: &str) -> Self {
        Self::raw(302, &[("location", location)], "")
    }

    /// The call is refused with a description that repeats the bot's token.
    #[must_use]
    pub fn echo_token(status: u16) -> Self {
        Self::new(FaultAnswer::EchoToken { status })
    }

    /// The call is answered with 200 and a body of so many bytes.
    #[must_use]
    pub fn huge(bytes: u64) -> Self {
        Self::new(FaultAnswer::Huge { bytes })
    }

    /// The call is answered with a head and the start of a body, and then nothing more comes.
    #[must_use]
    pub fn stall() -> Self {
        Self::new(FaultAnswer::Stall)
    }

    /// The call is never answered; the connection stays open.
    #[must_use]
    pub fn hang() -> Self {
        Self::new(FaultAnswer::Hang)
    }

    /// The connection is reset. If the script names no chat and asks for no delay or processing, this happens
    /// before the body of the request is read.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(FaultAnswer::Reset)
    }

    /// The call is done all the same: the message arrives, and only the answer goes wrong.
    #[must_use]
    pub fn processed(mut self) -> Self {
        self.processed = true;
        self
    }

    /// The answer comes this much later.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Hits calls of this bot only.
    #[must_use]
    pub fn bot(mut self, bot: i64) -> Self {
        self.bot = Some(bot);
        self
    }

    /// Hits calls about this chat only.
    #[must_use]
    pub fn chat(mut self, chat: i64) -> Self {
        self.chat = Some(chat);
        self
    }

    /// Hits calls of this method only.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Hits this many calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Hits every call until the faults are cleared.
    #[must_use]
    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// What the log of calls calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self.answer {
            FaultAnswer::Normal => "slow",
            FaultAnswer::Error { .. } => "error",
            FaultAnswer::Raw { .. } => "raw",
            FaultAnswer::EchoToken { .. } => "echoToken",
            FaultAnswer::Huge { .. } => "huge",
            FaultAnswer::Stall => "stall",
            FaultAnswer::Hang => "hang",
            FaultAnswer::Reset => "reset",
        }
    }

    /// Whether the call is done in spite of it.
    pub(crate) fn is_processed(&self) -> bool {
        self.processed || matches!(self.answer, FaultAnswer::Normal)
    }

    /// The status of the response, if there is one; `usual` is what it would be without the fault.
    pub(crate) fn status(&self, usual: Option<u16>) -> Option<u16> {
        match self.answer {
            FaultAnswer::Normal => usual,
            FaultAnswer::Error { status, .. } | FaultAnswer::Raw { status, .. } | FaultAnswer::EchoToken { status } => {
                Some(status)
            }
            FaultAnswer::Huge { .. } | FaultAnswer::Stall => Some(200),
            FaultAnswer::Hang | FaultAnswer::Reset => None,
        }
    }

    /// Whether it is for this bot and method; the chat may yet decide otherwise.
    pub(super) fn concerns(&self, bot: i64, method: &str) -> bool {
        self.bot.is_none_or(|it| it == bot) && self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(method))
    }

    /// Whether it is for this chat.
    pub(super) fn is_for(&self, chat: Option<i64>) -> bool {
        self.chat.is_none() || self.chat == chat
    }

    /// Whether it resets the connection without a look at the body of the request.
    pub(super) fn is_blind_reset(&self) -> bool {
        matches!(self.answer, FaultAnswer::Reset) && !self.processed && self.delay_ms == 0 && self.chat.is_none()
    }
}
