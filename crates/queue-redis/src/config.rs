//! What the queue is told, and why it may refuse to start.

use std::{sync::Arc, time::Duration};

use integrations_core::{Clock, Shares};
use redis::{Client, ConnectionAddr};
use secrecy::{ExposeSecret, SecretString};

use crate::Fault;

/// Which Redis, and how to share it.
pub struct RedisConfig {
    /// `redis://`, `rediss://` (TLS) or `redis+unix://`, with user, password and database.
    pub url: SecretString,
    /// What all keys begin with. Installations that share a Redis differ in it; the processes of one do not.
    pub name: String,
    /// How much may be in flight at once, over all processes.
    pub shares: Shares,
    /// How long a reserved entry stays with its worker.
    pub lease: Duration,
    /// The clock in which entries are due. It need not agree with that of the Redis server.
    pub clock: Arc<dyn Clock>,
}

/// Why the queue did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be read.
    #[error("the URL of the queue cannot be read; it looks like `redis://user:password@host:6379/0`")]
    Url,
    /// The name would not keep the keys together.
    #[error("the name of the queue must have 1 to 64 letters, digits, `-`, `_`, `.` or `:`")]
    Name,
    /// It cannot be reached, or refuses what the queue needs.
    #[error("Redis cannot be used as the queue")]
    Unusable(#[from] Fault),
    /// The server lacks commands that the scripts use.
    #[error("Redis {major}.{minor} is too old; the queue needs 6.2 or newer")]
    TooOld {
        /// Of its version.
        major: u32,
        /// Of its version.
        minor: u32,
    },
    /// The server drops keys when its memory is full.
    #[error("Redis may drop entries when its memory is full; set its `maxmemory-policy` to `noeviction`")]
    Evicting,
}

/// Whether that URL can be read, without connecting.
///
/// # Errors
/// [`ConnectError::Url`].
pub fn check_url(url: &SecretString) -> Result<(), ConnectError> {
    client(url).map(drop)
}

/// The Redis that the URL names. Nothing is connected yet.
pub(crate) fn client(url: &SecretString) -> Result<Client, ConnectError> {
    // The error of the parser may quote the URL.
    let client = Client::open(url.expose_secret()).map_err(|_| ConnectError::Url)?;
    if matches!(client.get_connection_info().addr(), ConnectionAddr::TcpTls { .. }) {
        // rustls wants to know which cryptography; whoever has chosen before is right, too.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Ok(client)
}
