//! Lanes: queues before something that has a limit of its own, and how far a limit reaches.

use std::{num::NonZero, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Connection, Integration};

/// The lanes of a connection. A lane is a queue before something that has a rate limit of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lanes {
    /// The place where messages arrive, for example a bot in a chat.
    pub destination: Lane,
    /// The account in whose name they are sent, for example a bot.
    pub credential: Lane,
    /// How many attempts at the destination may be open at once; none where the worker's share suffices. With one,
    /// messages arrive in the order in which they were accepted, however long each call takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<NonZero<u32>>,
}

impl Lanes {
    /// Two lanes; how many attempts are open at once is left to the worker.
    #[must_use]
    pub fn new(destination: Lane, credential: Lane) -> Self {
        Self { destination, credential, open: None }
    }

    /// One lane for both, without a rate: where the service's own answers suffice.
    #[must_use]
    pub fn single(key: impl Into<String>) -> Self {
        let lane = Lane { key: key.into(), rate: None };
        Self::new(lane.clone(), lane)
    }

    /// The same with one attempt after the other at the destination.
    #[must_use]
    pub fn one_by_one(self) -> Self {
        Self { open: Some(NonZero::<u32>::MIN), ..self }
    }
}

/// A lane: an opaque key that the provider derives from what the limit is on, and the rate it may be used at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The key, unique within the provider.
    pub key: String,
    /// The rate to keep without being told; none where the service's own answers suffice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// A steady rate with room for short bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// Milliseconds from one message to the next when many wait.
    pub interval_millis: u32,
    /// How many may go at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// One message every `interval_millis`, `burst` at once after a rest.
    #[must_use]
    pub fn new(interval_millis: u32, burst: u32) -> Self {
        Self { interval_millis, burst }
    }

    /// The time between messages.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_millis(self.interval_millis.into())
    }

    /// How far ahead of its steady time a message may go.
    #[must_use]
    pub fn tolerance(self) -> Duration {
        self.interval() * self.burst.saturating_sub(1)
    }
}

/// How far a limit or a fault reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// This destination only.
    Destination,
    /// Everything sent with this credential.
    Credential,
    /// Everything sent to this provider.
    Provider,
}

impl Integration {
    /// The key under which stores keep the lane of that reach. Lanes of two organizations are two lanes, save
    /// the provider's own, so that one tenant's limits never hold another.
    #[must_use]
    pub fn lane_key(&self, reach: Reach) -> LaneKey {
        let Self { organization, provider, connection: Connection { lanes, .. }, .. } = self;
        let text = match reach {
            Reach::Destination => {
                let limit = lanes.open.map(|open| format!("{open}{LIMIT}")).unwrap_or_default();
                format!("{limit}{organization}/{provider}/to/{}", lanes.destination.key)
            }
            Reach::Credential => format!("{organization}/{provider}/as/{}", lanes.credential.key),
            Reach::Provider => format!("*/{provider}"),
        };
        LaneKey(text.into())
    }
}

/// The installation-wide name of a lane. It begins with the number of attempts that the lane may have open and `#`,
/// where there is such a limit, so that it goes with the lane wherever that is kept. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey(Arc<str>);

/// Stands behind the limit in a [`LaneKey`]. What follows begins with no digit.
const LIMIT: char = '#';

impl LaneKey {
    /// How many attempts may be open at once, if there is such a limit.
    #[must_use]
    pub fn open(&self) -> Option<usize> {
        Some(self.limit()?.0)
    }

    /// The kind of the provider.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.0.split('/').nth(1)
    }

    /// The same lane without the limit.
    #[must_use]
    pub fn without_limit(&self) -> Self {
        self.limit().map_or_else(|| self.clone(), |(_, rest)| Self(rest.into()))
    }

    /// The limit, if there is one, and the lane.
    fn limit(&self) -> Option<(usize, &str)> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (limit, rest) = self.0.split_at(digits);
        Some((limit.parse().ok()?, rest.strip_prefix(LIMIT)?))
    }

    /// The key that [`LaneKey::as_str`] gave.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    /// The text in which stores and queues keep it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_lane_says_how_much_may_be_open() {
        for (name, open, without) in [
            ("1#org_7/telegram/to/5", Some(1), "org_7/telegram/to/5"),
            ("12#org_7/matrix/to/#room:a.example", Some(12), "org_7/matrix/to/#room:a.example"),
            ("org_7/matrix/to/#room:a.example", None, "org_7/matrix/to/#room:a.example"),
            ("*/slack", None, "*/slack"),
        ] {
            let lane = LaneKey::from_stored(name.to_owned());
            assert_eq!((lane.open(), lane.without_limit().as_str()), (open, without));
            assert!(["telegram", "matrix", "slack"].contains(&lane.provider().unwrap()), "{name}");
        }
    }
}
