//! The table: what the service does, and what must come of it.

use std::{fmt, ops::RangeInclusive, time::Duration};

use telegram_sandbox::Fault;

/// `INTEGRATION_QUEUE_BASE_DELAY_SECONDS` while the table is checked. Longer than the longest attempt, so that no row
/// moves on while another is awaited; shorter than the wait for a lost answer, so that the two can be told apart.
pub(super) const BASE_DELAY: i64 = 20;
/// `INTEGRATION_QUEUE_JITTER_SECONDS` while the table is checked.
pub(super) const JITTER: i64 = 5;
/// How long a message whose answer was lost is not sent again.
const UNCONFIRMED_WAIT: i64 = 30;

/// One thing that the service may do.
pub(super) struct Row {
    /// In words.
    pub(super) service: &'static str,
    pub(super) trouble: Trouble,
    pub(super) expected: Expected,
}

/// How the receiver is made to do it.
pub(super) enum Trouble {
    /// By a scripted answer.
    Scripted(fn() -> Fault),
    /// A person blocks the bot.
    Blocked,
    /// The bot's token is replaced.
    Revoked,
    /// The group becomes a supergroup.
    Upgraded,
}

/// What must come of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// The outcomes of all attempts that are made at once.
    pub(super) attempts: &'static [&'static str],
    /// The dispatch's status and reason.
    pub(super) dispatch: &'static str,
    pub(super) next: Next,
    /// The integration's status.
    pub(super) integration: &'static str,
    /// How many messages the chat shows.
    pub(super) arrived: usize,
}

/// When the next attempt comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Never, or not before a person has done something.
    Never,
    /// After the ordinary delay.
    Delay,
    /// After the ordinary delay, but not before so many seconds.
    NotBefore(i64),
}

impl Next {
    /// The milliseconds that may lie between the two attempts.
    pub(super) fn wait(self) -> Option<RangeInclusive<i64>> {
        let least = match self {
            Self::Never => return None,
            Self::Delay => 0,
            Self::NotBefore(seconds) => seconds,
        };
        Some(BASE_DELAY.max(least) * 1_000..=(BASE_DELAY + JITTER).max(least) * 1_000)
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("-"),
            Self::Delay => f.write_str("after the delay"),
            Self::NotBefore(seconds) => write!(f, "after the delay, not before {seconds} s"),
        }
    }
}

const fn delivered(arrived: usize) -> Expected {
    let attempts = &["delivered"];
    Expected { attempts, dispatch: "delivered", next: Next::Never, integration: "active", arrived }
}

const fn retried(attempts: &'static [&'static str]) -> Expected {
    Expected { attempts, dispatch: "retry_scheduled", next: Next::Delay, integration: "active", arrived: 0 }
}

const fn throttled(next: Next) -> Expected {
    let attempts = &["throttled"];
    Expected { attempts, dispatch: "retry_scheduled (throttled)", next, integration: "active", arrived: 0 }
}

const fn unconfirmed(arrived: usize) -> Expected {
    let next = Next::NotBefore(UNCONFIRMED_WAIT);
    Expected { attempts: &["unconfirmed"], dispatch: "retry_scheduled", next, integration: "active", arrived }
}

const fn failed(attempts: &'static [&'static str], dispatch: &'static str) -> Expected {
    Expected { attempts, dispatch, next: Next::Never, integration: "active", arrived: 0 }
}

const GONE: Expected = Expected {
    attempts: &["gone"],
    dispatch: "retry_scheduled (integration_paused)",
    next: Next::Never,
    integration: "paused",
    arrived: 0,
};

const UNAUTHORIZED: Expected = Expected {
    attempts: &["unauthorized"],
    dispatch: "retry_scheduled (integration_disabled)",
    next: Next::Never,
    integration: "disabled",
    arrived: 0,
};

const fn row(service: &'static str, fault: fn() -> Fault, expected: Expected) -> Row {
    Row { service, trouble: Trouble::Scripted(fault), expected }
}

/// A success, packed though nobody asked for that. Who unpacks such answers can be made to unpack bombs.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\xcf\x56\xb2\x2a\x29\x2a\x4d\xd5\x51\x2a\x4a\
    \x2d\x2e\xcd\x29\x51\xb2\xaa\x56\xca\x4d\x2d\x2e\x4e\x4c\x4f\x8d\xcf\x4c\x51\xb2\x32\xac\xad\x05\x00\x6f\x98\xc9\x3a\x25\x00\x00\x00";

const ELSEWHERE: &[(&str, &str)] = &[("location", "http://169.254.169.254/latest/meta-data/")];

/// Every answer of which the receiver is capable.
pub(super) const ROWS: &[Row] = &[
    row("200", || Fault::slow(Duration::ZERO), delivered(1)),
    row("200 after 29 s", || Fault::slow(Duration::from_secs(29)), unconfirmed(1)),
    row("429, wait 7 s", || Fault::flood(7), throttled(Next::NotBefore(7))),
    row("429, wait 90 s", || Fault::flood(90), throttled(Next::NotBefore(90))),
    row("429 without a wait", || Fault::error(429, "Too Many Requests"), throttled(Next::Delay)),
    row("500", || Fault::error(500, "Internal Server Error"), retried(&["unavailable"])),
    row("502 with HTML", || Fault::html(502), retried(&["unavailable"])),
    Row { service: "401, the token was revoked", trouble: Trouble::Revoked, expected: UNAUTHORIZED },
    Row { service: "403, the user blocked the bot", trouble: Trouble::Blocked, expected: GONE },
    row("400 chat not found", || Fault::error(400, "Bad Request: chat not found"), GONE),
    row("400 can't parse entities, once", || Fault::error(400, "Bad Request: can't parse entities"), delivered(1)),
    row("400 message is too long, once", || Fault::error(400, "Bad Request: message is too long"), delivered(1)),
    row(
        "400 with another reason",
        || Fault::error(400, "Bad Request: something else"),
        failed(&["rejected"], "failed (rejected)"),
    ),
    Row {
        service: "400, the group became a supergroup",
        trouble: Trouble::Upgraded,
        expected: Expected { attempts: &["moved", "delivered"], ..delivered(1) },
    },
    row("no answer", Fault::hang, unconfirmed(0)),
    row("200, and the body stops", Fault::stall, unconfirmed(0)),
    row("message taken, connection reset", || Fault::reset().processed(), unconfirmed(1)),
    row("connection reset unread", Fault::reset, unconfirmed(0)),
    row(
        "301 to 169.254.169.254",
        || Fault::raw(301, ELSEWHERE, ""),
        failed(&["misconfigured"], "failed (invalid_config)"),
    ),
    row("200 with a body of 1 GiB", || Fault::huge(1 << 30), unconfirmed(0)),
    row("200, packed with gzip", || Fault::raw(200, &[("content-encoding", "gzip")], PACKED), unconfirmed(0)),
    row("200 that is not JSON", Fault::garbage, unconfirmed(0)),
    row("400 that repeats the token", || Fault::echo_token(400), failed(&["rejected"], "failed (rejected)")),
];
