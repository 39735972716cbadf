//! Mail as people get it, and mail as attackers write it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attachments;
mod hostile;
mod malformed;
mod previews;
mod properties;
mod samples;
mod senders;
mod support;
