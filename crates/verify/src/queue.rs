//! Which queue the server is given.

use anyhow::Result;

use crate::redis::Redis;

/// Which queue the server is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Queue {
    /// The one in the server itself.
    Embedded,
    /// A Redis that the program starts.
    Redis,
}

/// A queue that is there as long as this lives.
pub(crate) struct Running(Option<Redis>);

impl Queue {
    pub(crate) async fn start(self) -> Result<Running> {
        Ok(Running(match self {
            Self::Embedded => None,
            Self::Redis => Some(Redis::start().await?),
        }))
    }
}

impl Running {
    /// What tells the server of it.
    pub(crate) fn setting(&self) -> (&'static str, String) {
        ("INTEGRATION_DISPATCH_QUEUE", self.0.as_ref().map_or_else(|| "embedded".to_owned(), Redis::url))
    }
}
