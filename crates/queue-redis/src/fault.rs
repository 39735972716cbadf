//! What is wrong with Redis, in fixed words: neither its URL nor what it said.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why Redis did not do what it was asked. Nothing here lasts: the next call tries again, on a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No answer in time.
    #[error("it did not answer in time")]
    Slow,
    /// No connection, a broken one, or no trust in its certificate.
    #[error("there is no connection to it; check that it runs, its address, and with `rediss` its certificate")]
    Connection,
    /// `NOAUTH` or `WRONGPASS`.
    #[error("it refuses the user name or the password")]
    Credentials,
    /// `NOPERM`.
    #[error("its user may not do what the queue does; the README lists the permissions")]
    Permission,
    /// `LOADING`.
    #[error("it is still loading its data")]
    Loading,
    /// `READONLY`, `MISCONF` or `NOREPLICAS`.
    #[error("it takes no writes: it is a replica, or cannot write to its disk or to enough replicas")]
    ReadOnly,
    /// `OOM`.
    #[error("its memory is full")]
    OutOfMemory,
    /// `BUSY`.
    #[error("it is busy with a script")]
    Busy,
    /// `MOVED`, `ASK`, `TRYAGAIN`, `CLUSTERDOWN` or `MASTERDOWN`.
    #[error("its cluster is changing")]
    Cluster,
    /// Anything else.
    #[error("it refused a command, or its answer was not understood")]
    Refused,
}

impl Fault {
    /// Whether it may be over by itself. Otherwise somebody must change something first.
    pub(crate) fn may_pass(self) -> bool {
        !matches!(self, Self::Credentials | Self::Permission | Self::Refused)
    }
}

impl From<RedisError> for Fault {
    fn from(error: RedisError) -> Self {
        use ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, NoPerm, ReadOnly, TryAgain};
        match error.kind() {
            ErrorKind::Io => Self::Connection,
            ErrorKind::AuthenticationFailed => Self::Credentials,
            ErrorKind::Server(NoPerm) => Self::Permission,
            ErrorKind::Server(BusyLoading) => Self::Loading,
            ErrorKind::Server(ReadOnly) => Self::ReadOnly,
            ErrorKind::Server(Moved | Ask | TryAgain | ClusterDown | MasterDown) => Self::Cluster,
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::Credentials,
                Some("MISCONF" | "NOREPLICAS") => Self::ReadOnly,
                Some("OOM") => Self::OutOfMemory,
                Some("BUSY") => Self::Busy,
                _ => Self::Refused,
            },
        }
    }
}
