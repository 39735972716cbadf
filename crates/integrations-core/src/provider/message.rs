//! What is to be delivered, and its provider-neutral form for people.

use std::borrow::Cow;

use url::Url;

use crate::{EmailReceived, Event, Payload, text};

/// One message for one destination.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// The same for every repeat of this message, for services that recognise repeats. Letters, digits, `_` and `-`.
    pub id: String,
    /// What it is about.
    pub content: Content<'a>,
    /// A page about it, if the installation has a dashboard. Always `https`.
    pub open_url: Option<Url>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Content<'a> {
    /// An event.
    Event(&'a Event),
    /// A person wants to see that the integration works.
    Test {
        /// The integration's name.
        integration: &'a str,
    },
}

impl<'a> Message<'a> {
    /// A message that shows that the integration of that name works.
    #[must_use]
    pub fn test(id: String, integration: &'a str) -> Self {
        Self { id, content: Content::Test { integration }, open_url: None }
    }

    /// The message in the form that providers render for people.
    #[must_use]
    pub fn notification(&self) -> Notification {
        let mut notification = match self.content {
            Content::Event(event) => match &event.payload {
                Payload::EmailReceived(mail) => email_received(event, mail),
            },
            Content::Test { integration } => Notification {
                title: "Test message".to_owned(),
                fields: Vec::new(),
                body: Some(format!("The integration \"{integration}\" works.")),
                actions: Vec::new(),
            },
        };
        notification.actions.extend(self.open_url.clone().map(|url| Action { label: "Open".to_owned(), url }));
        notification
    }
}

/// A message for people, before a provider renders it within its own limits. All texts are unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// One line on top.
    pub title: String,
    /// Facts below it, in order.
    pub fields: Vec<Field>,
    /// Running text, the first thing to be cut when room is short.
    pub body: Option<String>,
    /// Links to follow.
    pub actions: Vec<Action>,
}

impl Notification {
    /// The title on one clean line. Never empty, since many services refuse a message without text.
    #[must_use]
    pub fn heading(&self) -> Cow<'_, str> {
        let line = text::single_line(&self.title);
        if line.is_empty() { "Message".into() } else { line }
    }

    /// What stands below the title, as clean plain text: each field on a line, an empty line, the body. Not cut.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let fields = self
            .fields
            .iter()
            .map(|field| text::single_line(&format!("{}: {}", field.label, field.value)).into_owned());
        let body = self.body.as_deref().map(text::multi_line).filter(|body| !body.is_empty());
        let parts = [fields.collect::<Vec<_>>().join("\n"), body.unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Whether people will want to copy it letter by letter.
    pub verbatim: bool,
}

/// A link to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does, in a word or two.
    pub label: String,
    /// Where it leads.
    pub url: Url,
}

fn email_received(event: &Event, mail: &EmailReceived) -> Notification {
    let field = |label, value: &str| Field { label, value: value.to_owned(), verbatim: false };
    let mut fields = vec![
        Field { verbatim: true, ..field("To", &event.address) },
        field("From", &mail.sender_label),
        field("Subject", mail.subject.as_deref().unwrap_or("(no subject)")),
        field("Received", &event.occurred_at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
    ];
    if mail.attachment_count > 0 {
        fields.push(field("Attachments", &mail.attachment_count.to_string()));
    }
    Notification {
        title: "📬 New email".to_owned(),
        fields,
        body: Some(mail.preview.clone()).filter(|text| !text.is_empty()),
        actions: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_has_a_plain_form() {
        let field = |label, value: &str| Field { label, value: value.to_owned(), verbatim: false };
        let mut notification = Notification {
            title: " \u{202e}\n".to_owned(),
            fields: vec![field("From", "Ada\r\nTo: x"), field("Subject", "")],
            body: Some("\n a \n\n\n b".to_owned()),
            actions: Vec::new(),
        };
        assert_eq!(notification.heading(), "Message");
        assert_eq!(notification.plain_text(), "From: Ada To: x\nSubject:\n\na\n\nb");
        notification.body = Some("\u{200b}".to_owned());
        assert_eq!(notification.plain_text(), "From: Ada To: x\nSubject:");
        notification.fields.clear();
        assert_eq!(notification.plain_text(), "");
    }
}
