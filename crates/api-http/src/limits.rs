//! How much one client may ask for: everything that keeps slow and greedy clients from harming others.

use std::time::Duration;

use integrations_core::Rate;

/// Limits on requests, in force wherever the router runs.
#[derive(Debug, Clone)]
pub struct RequestLimits {
    /// The greatest JSON body, in bytes.
    pub json_bytes: usize,
    /// How long a JSON body may take to arrive.
    pub json_time: Duration,
    /// The greatest raw mail, in bytes.
    pub mail_bytes: usize,
    /// The longest pause between two pieces of a raw mail.
    pub mail_pause: Duration,
    /// How long a raw mail may take to arrive.
    pub mail_time: Duration,
    /// How many bytes of raw mail may be in memory at once.
    pub mail_bytes_at_once: usize,
    /// How many of them may be of one organization, so that it leaves room for others.
    pub mail_bytes_at_once_per_organization: usize,
    /// How long a request may take once its body is there. Longer than any call to a provider.
    pub handling_time: Duration,
    /// How often one key may make calls that reach a provider.
    pub provider_calls: Rate,
    /// How long a key is trusted without asking the store again. A key that is deleted through another process works
    /// that much longer.
    pub key_memory: Duration,
    /// How long an organization that the admin token names is known to be there. One that is deleted through another
    /// process is acted for that much longer, and has nothing.
    pub organization_memory: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            json_bytes: 1 << 20,
            json_time: Duration::from_secs(30),
            mail_bytes: 25 << 20,
            mail_pause: Duration::from_secs(60),
            mail_time: Duration::from_secs(300),
            mail_bytes_at_once: 64 << 20,
            mail_bytes_at_once_per_organization: 32 << 20,
            handling_time: Duration::from_secs(60),
            provider_calls: Rate::new(1_000, 60),
            key_memory: Duration::from_secs(5),
            organization_memory: Duration::from_secs(60),
        }
    }
}

/// Limits on connections, in force where [`crate::serve`] accepts them.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// How many may be open; more wait until the system accepts them.
    pub connections: usize,
    /// How many one peer may have open; more are closed at once. A peer is an IPv4 address or an IPv6 network of 64
    /// bits. Loopback is exempt, since that is where a reverse proxy speaks for everybody.
    pub per_peer: usize,
    /// How long the head of a request may take, and how long a connection may idle between requests.
    pub head_time: Duration,
    /// The greatest head, in bytes, at least 8 KiB; room for 100 long recipients.
    pub head_bytes: usize,
    /// The greatest number of headers.
    pub headers: usize,
    /// How long a client may leave an answer untouched.
    pub write_time: Duration,
    /// How long a refused body is read on, so that a client that sends first and reads later learns why.
    pub linger_time: Duration,
    /// How long requests in flight may take at a shutdown.
    pub drain_time: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            per_peer: 64,
            head_time: Duration::from_secs(10),
            head_bytes: 64 << 10,
            headers: 100,
            write_time: Duration::from_secs(30),
            linger_time: Duration::from_secs(5),
            drain_time: Duration::from_secs(30),
        }
    }
}
