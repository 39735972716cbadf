//! What happened: events, and the payload that providers are given.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AddressId, EventId, OrganizationId};

/// The kinds of events that an address can subscribe integrations to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum EventType {
    /// A mail arrived at the address.
    #[serde(rename = "email.received")]
    EmailReceived,
}

impl EventType {
    /// Every event type there is.
    pub const ALL: &'static [Self] = &[Self::EmailReceived];

    /// The name in the API and in stores, for example `email.received`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmailReceived => "email.received",
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL.iter().copied().find(|t| t.as_str() == text).ok_or(UnknownName)
    }
}

/// The text names none of the values of its enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the known names")]
pub struct UnknownName;

/// One event of an organization, as providers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// The organization it belongs to.
    pub organization: OrganizationId,
    /// The address it happened at.
    pub address_id: AddressId,
    /// That address as text, lower-case, as it was at the time.
    pub address: String,
    /// When it happened, by the word of whoever reported it.
    pub occurred_at: Timestamp,
    /// When it was accepted here.
    pub received_at: Timestamp,
    /// What happened.
    pub payload: Payload,
}

impl Event {
    /// Its type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.payload.event_type()
    }
}

/// The content of an event; also the form in which stores keep it, so names and shapes stay readable for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Payload {
    /// A mail arrived.
    #[serde(rename = "email.received")]
    EmailReceived(EmailReceived),
}

impl Payload {
    /// The type of an event with this content.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match self {
            Self::EmailReceived(_) => EventType::EmailReceived,
        }
    }

    /// The mail's subject, where the event is about a mail that has one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::EmailReceived(mail) => mail.subject.as_deref(),
        }
    }
}

/// A mail that arrived. All texts are decoded, free of control and bidirectional characters, on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailReceived {
    /// The identifier that the mail system which reported it uses, for links and against repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_id: Option<String>,
    /// The `Message-ID` header without its angle brackets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The sender's address.
    pub from: String,
    /// The sender as a person would read it: `Name <address>`, or the address alone.
    pub sender_label: String,
    /// The decoded subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The beginning of the text, white space folded, at most [`PREVIEW_CHARS`] characters.
    pub preview: String,
    /// How many attachments it carries.
    #[serde(default)]
    pub attachment_count: u32,
}

/// The greatest length of a preview, in characters.
pub const PREVIEW_CHARS: usize = 280;
