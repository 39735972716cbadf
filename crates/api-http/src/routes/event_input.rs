//! An event as it is reported: checked, cleaned and cut.

use inbound_email::{preview_of_html, preview_of_text};
use integrations_core::{
    AddressName, EmailReceived, EventType, IncomingEvent, Payload, Repeat, store::Recipient, text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::{
    long_work::LongWork,
    problem::{Answer, Code, Problem},
    schema,
};

/// The greatest length of a mail system's identifier of a mail, in characters.
const EMAIL_ID_CHARS: usize = 255;
/// The greatest length of an address: local part, `@` and domain of RFC 5321, section 4.5.3.1.
const ADDRESS_CHARS: usize = 320;
/// The greatest length of a subject, a label and a message identifier: a line of RFC 5322, section 2.1.1.
const LINE_CHARS: usize = 998;

/// A mail that arrived.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewEvent)]
pub(super) struct EventInput {
    #[serde(rename = "type")]
    #[schema(schema_with = schema::event_type)]
    event_type: EventType,
    /// The address at which it arrived. Exactly one of `address` and `addressId` is given.
    #[schema(example = "alerts@example.com")]
    address: Option<String>,
    /// The identifier of that address.
    address_id: Option<String>,
    /// The mail system's own identifier of the mail, for links and against repeats; at most 255 characters.
    email_id: Option<String>,
    /// The `Message-ID` header.
    message_id: Option<String>,
    /// The sender's address.
    #[schema(example = "ada@shop.example")]
    from: String,
    /// The sender as a person would read it; `from` if absent.
    #[schema(example = "Ada Lovelace <ada@shop.example>")]
    sender_label: Option<String>,
    /// The decoded subject.
    subject: Option<String>,
    /// The text of the mail; its beginning is shown.
    text: Option<String>,
    /// The HTML of the mail, used if there is no text.
    html: Option<String>,
    attachment_count: Option<u32>,
    /// When it arrived; now if absent.
    #[schema(format = DateTime)]
    occurred_at: Option<String>,
}

impl EventInput {
    /// The event, repeats of which are recognised by the key, or else by the mail system's identifier.
    pub(super) async fn into_event(self, key: Option<String>, long_work: &LongWork) -> Answer<IncomingEvent> {
        let fingerprint = self.fingerprint();
        let occurred_at = self.occurred_at.as_deref().map(time).transpose()?;
        let email_id = self.email_id.map(checked_email_id).transpose()?;
        let from = line(&self.from, ADDRESS_CHARS).ok_or_else(|| Problem::invalid_at("/from", "must not be empty"))?;
        let recipient = recipient(self.address.as_deref(), self.address_id.as_deref())?;
        let email = EmailReceived {
            email_id: email_id.clone(),
            message_id: self.message_id.and_then(|id| line(id.trim().trim_matches(['<', '>']), LINE_CHARS)),
            sender_label: self.sender_label.and_then(|label| line(&label, LINE_CHARS)).unwrap_or_else(|| from.clone()),
            from,
            subject: self.subject.and_then(|subject| line(&subject, LINE_CHARS)),
            preview: preview(self.text, self.html, long_work).await?,
            attachment_count: self.attachment_count.unwrap_or_default(),
        };
        let repeat = match (key, email_id) {
            (Some(key), _) => Some(Repeat::Key { key, fingerprint }),
            (None, Some(email_id)) => Some(Repeat::EmailId { email_id, fingerprint }),
            (None, None) => None,
        };
        Ok(IncomingEvent { recipient, occurred_at, payload: Payload::EmailReceived(email), repeat })
    }

    /// The same for bodies that say the same, whatever their white space and order.
    fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

fn recipient(address: Option<&str>, id: Option<&str>) -> Answer<Recipient> {
    let recipient = match (address, id) {
        (Some(address), None) => AddressName::parse(address).ok().map(|name| Recipient::Name(name.to_string())),
        (None, Some(id)) => id.parse().ok().map(Recipient::Id),
        _ => return Err(Problem::invalid_at("/address", "give exactly one of address and addressId")),
    };
    recipient.ok_or_else(|| Problem::new(Code::UnknownAddress))
}

fn time(text: &str) -> Answer<Timestamp> {
    // Whole milliseconds, as every time here.
    let time = text.parse::<Timestamp>().and_then(|time| Timestamp::from_millisecond(time.as_millisecond()));
    time.map_err(|_| Problem::invalid_at("/occurredAt", "must be a time such as 2026-01-31T09:30:00Z (RFC 3339)"))
}

fn checked_email_id(id: String) -> Answer<String> {
    if id.is_empty() || id.chars().count() > EMAIL_ID_CHARS || text::single_line(&id) != id {
        let detail = format!("must be 1 to {EMAIL_ID_CHARS} visible characters on one line");
        return Err(Problem::invalid_at("/emailId", detail));
    }
    Ok(id)
}

fn line(dirty: &str, max_chars: usize) -> Option<String> {
    let clean = text::short_line(dirty, max_chars);
    (!clean.is_empty()).then_some(clean)
}

async fn preview(text: Option<String>, html: Option<String>, long_work: &LongWork) -> Answer<String> {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let preview = long_work.run(length(&text) + length(&html), move || {
        let of_text = text.as_deref().map(preview_of_text).filter(|preview| !preview.is_empty());
        of_text.or_else(|| html.as_deref().map(preview_of_html)).unwrap_or_default()
    });
    preview.await
}
