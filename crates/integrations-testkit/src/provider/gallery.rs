//! All sample messages side by side as a provider sends them, for one snapshot to look at.

use http::header::CONTENT_TYPE;
use integrations_core::{EmailReceived, Event, HttpRequest, Message, provider::Content};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    ProviderHarness,
    harness::{playing, send},
};
use crate::{sample, scripted_http::body};

/// Longer texts test limits, and are nothing to look at.
const LONGEST_SHOWN: usize = 512;

/// Sends an ordinary mail, one of which nothing is known, a test message, and every hostile mail that is not long. Shows
/// the body of each message, JSON and web forms so that they can be read, under a line that says what it is.
///
/// # Panics
/// If a message is not delivered.
pub async fn gallery(harness: &impl ProviderHarness) -> String {
    let message = |event| Message { id: "dsp_1".to_owned(), content: Content::Event(event), open_url: None };
    let hostile = sample::hostile_texts().into_iter().filter(|text| text.chars().count() <= LONGEST_SHOWN);
    let hostile: Vec<(String, Event)> =
        hostile.map(|text| (format!("{text:?}"), sample::event(sample::mail_full_of(&text)))).collect();
    let (ordinary, bare) = (sample::event(sample::mail()), sample::event(EmailReceived::default()));
    let open_url = Some("https://mail.example/inbox/7".parse().unwrap());
    let mut messages = vec![
        ("an ordinary mail", Message { open_url, ..message(&ordinary) }),
        ("nothing is known", message(&bare)),
        ("a test message", Message::test("test_1".to_owned(), "Ops & <friends>")),
    ];
    messages.extend(hostile.iter().map(|(name, event)| (name.as_str(), message(event))));
    let mut shown = String::new();
    for (name, message) in messages {
        shown += &format!("=== {name}\n{}\n", sent(harness, &message).await);
    }
    shown
}

/// The body of the request that carries the message.
async fn sent(harness: &impl ProviderHarness, message: &Message<'_>) -> String {
    let http = playing(harness.delivered());
    send(harness, &http, message).await.unwrap();
    shown(http.requests().last().expect("nothing was sent"))
}

/// A body as one can read it: the fields of JSON and of forms one below the other.
fn shown(request: &HttpRequest) -> String {
    let body = body(request);
    if request.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded") {
        let fields = form_urlencoded::parse(body).map(|(name, value)| format!("{name}: {value:?}"));
        return fields.collect::<Vec<_>>().join("\n");
    }
    let json = serde_json::from_slice::<Value>(body);
    json.map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |json| format!("{json:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_can_be_read() {
        let url = || "https://example.org/".parse().unwrap();
        let json = HttpRequest::post_json(url(), &serde_json::json!({ "to": "all" }));
        assert_eq!(shown(&json), "{\n  \"to\": \"all\"\n}");
        let form = HttpRequest::post(url(), "application/x-www-form-urlencoded", "to=all&text=a+b%0A%F0%9F%93%AC");
        assert_eq!(shown(&form), "to: \"all\"\ntext: \"a b\\n📬\"");
        assert_eq!(shown(&HttpRequest::post(url(), "text/plain", "a=b")), "a=b");
    }
}
