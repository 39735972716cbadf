//! How much of a mail is read, and what is said when it is not read.

/// How much is read of a mail, so that a hostile one costs little more than its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The greatest mail that is accepted, in bytes. 25 MiB: what most mail systems take.
    pub message_bytes: usize,
    /// How much is read of one header field, folded lines included, in bytes. Decoding one takes time quadratic in
    /// its length: 256 KiB of broken encoded words cost 10 s, 4 KiB cost 2 ms.
    pub field_bytes: usize,
    /// How many MIME parts are looked at, multiparts included.
    pub parts: usize,
    /// How many multiparts may stand within each other.
    pub depth: usize,
    /// How much is read of one text part, in bytes as sent.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 25 << 20, field_bytes: 4 << 10, parts: 500, depth: 20, text_bytes: 1 << 20 }
    }
}

/// Why the content of a mail was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Incomplete {
    /// There are more parts than [`Limits::parts`].
    #[error("the mail has too many parts")]
    Parts,
    /// Multiparts are nested deeper than [`Limits::depth`].
    #[error("the parts of the mail are nested too deeply")]
    Depth,
}

/// There is nothing to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// No bytes, or only white space.
    #[error("the mail is empty")]
    Empty,
    /// More than [`Limits::message_bytes`].
    #[error("the mail has {bytes} bytes, more than the {limit} that are accepted")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The greatest length.
        limit: usize,
    },
    /// No field that mails have stands at the beginning.
    #[error("this is no mail: it does not begin with header fields such as From, Subject or Date (RFC 5322)")]
    Unreadable,
}
