//! What a provider's author supplies to the suite, and how the cases talk to the provider.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use integrations_core::{
    Connection, DeliveryError, DynProvider, FailureKind, HttpRequest, HttpResponse, Message, Receipt, SecretBytes,
    provider::{Content, Halves, Service},
};
use serde_json::{Map, Value};

use crate::{
    sample,
    scripted_http::{Answer, ScriptedHttp, answer},
};

/// A provider, settings it accepts, and the words of its service.
pub trait ProviderHarness {
    /// The provider.
    fn provider(&self) -> &dyn DynProvider;

    /// Settings as a user fills them in, public and secret ones in one object.
    fn settings(&self) -> Value;

    /// What the service answers, in order, when it accepts the settings; nothing if it is not asked.
    fn verified(&self) -> Vec<HttpResponse>;

    /// What the service answers, in order, when it accepts a message.
    fn delivered(&self) -> Vec<HttpResponse>;

    /// What the service answers, in order, when it is asked for places to send to and knows one; nothing if the
    /// provider cannot list them.
    fn listed(&self) -> Vec<HttpResponse> {
        Vec::new()
    }

    /// How the service refuses, in its own format, with that status and that text for people.
    fn refusal(&self, status: u16, text: &str) -> HttpResponse {
        answer(status, text.to_owned())
    }

    /// Whether the service recognises a repeat, so that a lost answer may be repeated at once.
    fn idempotent(&self) -> bool {
        false
    }

    /// Where a service that recognises repeats is told which message it is.
    fn message_id(&self, request: &HttpRequest) -> Option<String> {
        let _ = request;
        None
    }

    /// What may not be seen anywhere: by default every text among the secret settings.
    fn needles(&self) -> Vec<String> {
        halves(self).secret.values().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// The settings, split into what may be shown and what may not.
pub(super) fn halves(harness: &(impl ProviderHarness + ?Sized)) -> Halves {
    harness.provider().read(object(harness.settings())).expect("the harness's settings are accepted")
}

/// The object that `value` is.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

/// The secret in the form in which it is sealed.
pub(super) fn secret(harness: &impl ProviderHarness) -> SecretBytes {
    Value::Object(halves(harness).secret).to_string().into_bytes().into()
}

/// The public settings in the form in which they are stored.
pub(super) fn config(harness: &impl ProviderHarness) -> Value {
    Value::Object(halves(harness).public)
}

/// The way to a service that plays `http`.
pub(super) fn service(http: &ScriptedHttp) -> Service<'_> {
    Service { http, now: sample::morning() }
}

/// Delivers an ordinary mail.
pub(super) async fn deliver(harness: &impl ProviderHarness, http: &ScriptedHttp) -> Result<Receipt, DeliveryError> {
    let event = sample::event(sample::mail());
    let message = Message { id: "msg_1".to_owned(), content: Content::Event(&event), open_url: None };
    send(harness, http, &message).await
}

/// Delivers that message.
pub(super) async fn send(
    harness: &impl ProviderHarness,
    http: &ScriptedHttp,
    message: &Message<'_>,
) -> Result<Receipt, DeliveryError> {
    harness.provider().deliver(&config(harness), &secret(harness), message, service(http)).await
}

/// Why an ordinary mail is not delivered when every call is met with `answer`, and in how many calls.
///
/// # Panics
/// If it is delivered.
pub async fn refused(harness: &impl ProviderHarness, answer: Answer) -> (DeliveryError, usize) {
    let http = ScriptedHttp::always(answer);
    let error = deliver(harness, &http).await.expect_err("taken for a success");
    (error, http.requests().len())
}

/// Verifies that configuration.
pub(super) async fn verify(
    harness: &impl ProviderHarness,
    http: &ScriptedHttp,
    config: &Value,
) -> Result<Connection, DeliveryError> {
    harness.provider().verify(config, &secret(harness), service(http)).await
}

/// A service that plays these answers.
pub(super) fn playing(answers: Vec<HttpResponse>) -> ScriptedHttp {
    ScriptedHttp::playing(answers.into_iter().map(Ok))
}

/// Whether the rules would send the message again by themselves.
pub(super) fn is_repeated(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Unavailable | FailureKind::Timeout | FailureKind::Throttled | FailureKind::Unconfirmed)
}

/// Fails if a secret can be seen in `shown`, however it is spelled or broken up.
pub(super) fn assert_hidden(harness: &impl ProviderHarness, shown: &str) {
    let solid: String = shown.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    for needle in harness.needles() {
        assert!(needle.len() >= 6, "a secret this short is found by chance: {needle:?}");
        for form in spellings(&needle) {
            assert!(!solid.contains(&form), "a secret is shown: {shown}");
        }
    }
}

/// How a service may spell what it was sent: as it is, percent-encoded, and in base64.
pub(super) fn spellings(text: &str) -> [String; 5] {
    let percent: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    [text.to_owned(), percent.replace("%3A", "%3a"), percent, STANDARD.encode(text), URL_SAFE_NO_PAD.encode(text)]
}

/// The same broken up by characters that a display drops or turns into spaces.
pub(super) fn pieces(text: &str) -> [String; 3] {
    let half = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    let (start, end) = text.split_at(half);
    ["\0", "\r\n", "\u{202e}"].map(|gap| format!("{start}{gap}{end}"))
}
