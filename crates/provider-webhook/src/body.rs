//! The JSON that receivers get: type, time and data, always below 20 kB.

use integrations_core::{
    DeliveryError, Event, FailureKind, Message,
    provider::Content,
    text::{self, Unit},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::Form;

/// The most that one text may take. A mail has six, and JSON doubles them at worst.
const TEXT_BYTES: usize = 1200;
/// A link that is longer is left out.
const LINK_BYTES: usize = 2048;

/// The body of a message.
pub(crate) fn of(message: &Message<'_>, form: Form, now: Timestamp) -> Result<String, DeliveryError> {
    let (kind, timestamp, mut data) = match message.content {
        Content::Event(event) => (event.event_type().as_str(), event.occurred_at, event_data(event, form)?),
        _ => ("notification", now, notification_data(message)),
    };
    let link = message.open_url.as_ref().filter(|link| link.as_str().len() <= LINK_BYTES);
    data.extend(link.map(|link| ("openUrl".to_owned(), json!(link.as_str()))));
    Ok(json!({ "type": kind, "timestamp": timestamp, "data": data }).to_string())
}

/// The payload in the stable form in which it is stored, and the identifiers around it.
fn event_data(event: &Event, form: Form) -> Result<Map<String, Value>, DeliveryError> {
    let Ok(Value::Object(payload)) = serde_json::to_value(&event.payload) else {
        return Err(DeliveryError::new(FailureKind::Rejected, "this event has no JSON form"));
    };
    let ids = [
        ("eventId", event.id.to_string()),
        ("organizationId", event.organization.to_string()),
        ("addressId", event.address_id.to_string()),
        ("address", event.address.clone()),
        ("receivedAt", event.received_at.to_string()),
    ];
    let is_sent = |name: &str| name == "emailId" || (form == Form::Full && name != "type");
    let payload = payload.into_iter().filter(|(name, _)| is_sent(name)).map(|(name, value)| (name, fitted(value)));
    Ok(ids.into_iter().map(|(name, id)| (name.to_owned(), json!(id))).chain(payload).collect())
}

/// What a person reads elsewhere, for messages that are about no event.
fn notification_data(message: &Message<'_>) -> Map<String, Value> {
    let notification = message.notification();
    let texts = [("title", notification.heading()), ("text", notification.plain_text().into())];
    texts.into_iter().map(|(name, text)| (name.to_owned(), fitted(json!(text)))).collect()
}

fn fitted(value: Value) -> Value {
    match value {
        Value::String(text) => json!(Unit::Bytes.cut(&text::multi_line(&text), TEXT_BYTES)),
        other => other,
    }
}
