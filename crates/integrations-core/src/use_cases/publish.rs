//! Publishing: the way in for every event.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{KEY_LIFETIME, Platform, PlatformError};
use crate::{
    EventId, OrganizationId, Payload, later,
    store::{Deduplication, DeduplicationScope, FirstAttempts, NewEvent, Recipient, Recorded},
};

/// How long the same raw mail is recognised: mail servers repeat for days, not for months.
const RAW_MAIL_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// Something that happened, as it is reported.
#[derive(Debug, Clone)]
pub struct IncomingEvent {
    /// At which address.
    pub recipient: Recipient,
    /// When, if the reporter knows.
    pub occurred_at: Option<Timestamp>,
    /// What.
    pub payload: Payload,
    /// By what a repeat is to be recognised.
    pub repeat: Option<Repeat>,
}

/// By what a repeat is recognised.
#[derive(Debug, Clone)]
pub enum Repeat {
    /// A key that the reporter chose, unique in the organization for 24 hours.
    Key {
        /// The key.
        key: String,
        /// SHA-256 of the content.
        fingerprint: [u8; 32],
    },
    /// The mail system's identifier of a mail, unique at the address for 24 hours.
    EmailId {
        /// The identifier.
        email_id: String,
        /// SHA-256 of the content.
        fingerprint: [u8; 32],
    },
    /// The same raw mail at the same address.
    RawMail {
        /// SHA-256 of the raw mail.
        hash: [u8; 32],
    },
}

/// What became of a reported event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is accepted and durable, now or since an earlier report.
    Accepted {
        /// The event.
        id: EventId,
        /// How many dispatches it has.
        dispatch_count: u64,
        /// Whether an earlier report was accepted.
        duplicate: bool,
    },
    /// The organization has no such address.
    UnknownAddress,
    /// The key was used before for something else.
    KeyReused,
    /// The organization has too many dispatches waiting.
    TooMuchWaiting,
}

impl Platform {
    /// Accepts events. All are durable together when this returns; each has its own answer.
    ///
    /// # Errors
    /// The store failed, and nothing is accepted.
    pub async fn publish(
        &self,
        organization: OrganizationId,
        events: Vec<IncomingEvent>,
    ) -> Result<Vec<Published>, PlatformError> {
        let now = self.now();
        let events: Vec<_> = events.into_iter().map(|event| self.new_event(organization, event, now)).collect();
        let first =
            self.slots.clone().map(|slots| FirstAttempts { policy: self.settings().policy.clone(), now, slots });
        let recorded = self.ports().store.record(&events, self.settings().max_waiting, first.as_ref()).await?;
        let mut entries = Vec::new();
        let published = events.iter().zip(recorded).map(|(event, recorded)| match recorded {
            Recorded::Accepted { dispatch_count, entries: of_event } => {
                entries.extend(of_event);
                Published::Accepted { id: event.id, dispatch_count, duplicate: false }
            }
            Recorded::Duplicate { event: id, dispatch_count } => {
                Published::Accepted { id, dispatch_count, duplicate: true }
            }
            Recorded::Mismatch => Published::KeyReused,
            Recorded::UnknownAddress => Published::UnknownAddress,
            Recorded::TooMuchWaiting => Published::TooMuchWaiting,
        });
        let published = published.collect();
        if !entries.is_empty() {
            // Accepted is accepted: what the queue does not learn now, a sweep tells it.
            let _ = self.tell(&mut entries).await;
        }
        Ok(published)
    }

    fn new_event(&self, organization: OrganizationId, event: IncomingEvent, now: Timestamp) -> NewEvent {
        NewEvent {
            id: EventId::generate(&*self.ports().clock, &*self.ports().entropy),
            organization,
            recipient: event.recipient,
            occurred_at: event.occurred_at.unwrap_or(now),
            received_at: now,
            payload: event.payload,
            deduplication: event.repeat.map(|repeat| repeat.deduplication(now)),
        }
    }
}

impl Repeat {
    fn deduplication(self, now: Timestamp) -> Deduplication {
        let hashed = |kind: &str, text: &[u8]| {
            Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize().into()
        };
        match self {
            Self::Key { key, fingerprint } => Deduplication {
                scope: DeduplicationScope::Organization,
                key: hashed("key", key.as_bytes()),
                fingerprint,
                expires_at: later(now, KEY_LIFETIME),
            },
            Self::EmailId { email_id, fingerprint } => Deduplication {
                scope: DeduplicationScope::Address,
                key: hashed("email", email_id.as_bytes()),
                fingerprint,
                expires_at: later(now, KEY_LIFETIME),
            },
            Self::RawMail { hash } => Deduplication {
                scope: DeduplicationScope::Address,
                key: hashed("raw", &hash),
                fingerprint: hash,
                expires_at: later(now, RAW_MAIL_LIFETIME),
            },
        }
    }
}
