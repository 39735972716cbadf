//! The states of a dispatch, why it is in them, and the one table of what may follow what.

use std::{fmt, str::FromStr};

use crate::UnknownName;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every value there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the API and in stores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(UnknownName)
            }
        }
    };
}
pub(super) use names;

names! {
    /// Where a dispatch stands.
    DispatchStatus {
        /// Waits for its first attempt.
        Pending = "pending",
        /// An attempt is open.
        Delivering = "delivering",
        /// Waits for another attempt.
        RetryScheduled = "retry_scheduled",
        /// Arrived.
        Delivered = "delivered",
        /// Ended without arriving.
        Failed = "failed",
        /// Ended by a person.
        Canceled = "canceled",
    }
}

names! {
    /// Why a waiting dispatch may not start yet. Waiting so costs neither an attempt nor time of the retry window.
    HoldReason {
        /// The organization has opened as many retry windows in 24 h as it may.
        DailyLimit = "daily_limit",
        /// The integration is paused.
        IntegrationPaused = "integration_paused",
        /// The integration is disabled.
        IntegrationDisabled = "integration_disabled",
        /// The service asked to wait.
        Throttled = "throttled",
        /// Its turn at the destination's rate has not come.
        Pacing = "pacing",
    }
}

names! {
    /// Why a dispatch failed.
    FailReason {
        /// The service refused it.
        Rejected = "rejected",
        /// The answer was lost twice, so it may have arrived.
        Unconfirmed = "unconfirmed",
        /// The next attempt would come after the end of the retry window.
        RetryWindowExceeded = "retry_window_exceeded",
        /// It was held for too long.
        HeldTooLong = "held_too_long",
        /// The integration's stored settings cannot be used.
        InvalidConfig = "invalid_config",
    }
}

names! {
    /// Why a dispatch was canceled.
    CancelReason {
        /// Somebody asked for it.
        Requested = "requested",
        /// Its integration was deleted.
        IntegrationDeleted = "integration_deleted",
        /// Its address was deleted.
        AddressDeleted = "address_deleted",
    }
}

/// Why a dispatch is in its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// While it waits.
    Hold(HoldReason),
    /// When it has failed.
    Fail(FailReason),
    /// When it was canceled.
    Cancel(CancelReason),
}

impl Reason {
    /// The name in the API and in stores. Names of different kinds never meet.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold(reason) => reason.as_str(),
            Self::Fail(reason) => reason.as_str(),
            Self::Cancel(reason) => reason.as_str(),
        }
    }
}

impl FromStr for Reason {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let hold = text.parse().map(Self::Hold);
        hold.or_else(|_| text.parse().map(Self::Fail)).or_else(|_| text.parse().map(Self::Cancel))
    }
}

/// What can happen to a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// An attempt is started.
    Begin,
    /// It turns out that it may not start yet.
    Hold,
    /// What held it is gone.
    Release,
    /// It ends before an attempt: held too long, or past its window.
    Expire,
    /// Its attempt ended.
    Settle,
    /// Its attempt was found open after a crash.
    Interrupt,
    /// Somebody cancels it, or deletes its integration or address.
    Cancel,
    /// Somebody wants it sent again.
    Replay,
}

/// The state machine: every permitted change, and no other happens.
pub const TRANSITIONS: &[(DispatchStatus, Step, DispatchStatus)] = {
    use DispatchStatus::{Canceled, Delivered, Delivering, Failed, Pending, RetryScheduled};
    &[
        (Pending, Step::Begin, Delivering),
        (RetryScheduled, Step::Begin, Delivering),
        (Pending, Step::Hold, Pending),
        (RetryScheduled, Step::Hold, RetryScheduled),
        (Pending, Step::Release, Pending),
        (RetryScheduled, Step::Release, RetryScheduled),
        (Pending, Step::Expire, Failed),
        (RetryScheduled, Step::Expire, Failed),
        (Delivering, Step::Settle, Delivered),
        (Delivering, Step::Settle, RetryScheduled),
        (Delivering, Step::Settle, Failed),
        (Delivering, Step::Settle, Canceled),
        (Delivering, Step::Interrupt, RetryScheduled),
        (Delivering, Step::Interrupt, Failed),
        (Delivering, Step::Interrupt, Canceled),
        (Pending, Step::Cancel, Canceled),
        (RetryScheduled, Step::Cancel, Canceled),
        (Failed, Step::Replay, Pending),
        (Canceled, Step::Replay, Pending),
    ]
};

impl DispatchStatus {
    /// Whether that can happen to a dispatch in this status.
    #[must_use]
    pub fn permits(self, step: Step) -> bool {
        TRANSITIONS.iter().any(|(from, by, _)| (*from, *by) == (self, step))
    }

    /// Whether it waits for an attempt.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        self.permits(Step::Begin)
    }
}
