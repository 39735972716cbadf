//! The rules, as pure functions: stores load the facts, ask the rule, and write what it says.

mod begin;
mod change;
mod pacing;
mod quota;
mod retry;
mod settle;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

pub use begin::{BeginFacts, Beginning, LaneStates};
pub use pacing::LaneState;
pub use quota::{DAY, Ledger};
pub use retry::RetryPolicy;
pub use settle::{IntegrationChange, Park, SettleFacts, Settlement};

/// Everything that an operator decides about dispatching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// When to try again.
    pub retry: RetryPolicy,
    /// How many retry windows an organization may open in any 24 h; 0 for no limit.
    pub daily_limit: u32,
    /// How long a dispatch may be held altogether before it fails.
    pub max_hold: Duration,
    /// How long an attempt belongs to its worker; longer than any attempt can take.
    pub lease: Duration,
    /// The shortest wait before a message whose answer was lost is sent again.
    pub unconfirmed_wait: Duration,
    /// Providers whose rates and limits of open attempts are not kept.
    pub unpaced: Arc<BTreeSet<String>>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            daily_limit: 100,
            max_hold: Duration::from_secs(604_800),
            lease: Duration::from_secs(60),
            unconfirmed_wait: Duration::from_secs(30),
            unpaced: Arc::default(),
        }
    }
}
