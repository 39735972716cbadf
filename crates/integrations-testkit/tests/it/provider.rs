//! A small provider that passes the suite, and sloppy ones that do not.

use http::{HeaderName, HeaderValue};
use integrations_core::{
    DeliveryError, DynProvider, Egress, EventType, FailureKind, HttpRequest, HttpResponse, Lane, Lanes, Message,
    Provider, Receipt,
    provider::{Description, Place, Service, Target, Verified},
};
use integrations_testkit::{
    provider::{self as suite, ProviderHarness},
    scripted_http::answer,
    suite::block_on,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    SendsTwice,
    SendsUntilAnswered,
    TakesAnyAnswerForSuccess,
    TakesNoAnswerForUnavailable,
    ShowsTheSecret,
    PutsTextIntoHeaders,
    NamesAWrongField,
    GivesEveryMessageOneName,
    QuotesWhatATenantsUrlSays,
    ListsNoPlaces,
}

struct Pigeons(Mistake);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The loft to fly to.
    loft: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Secret {
    /// What the pigeons eat.
    #[schemars(with = "String")]
    feed: SecretString,
}

impl Pigeons {
    async fn fly(&self, target: &Target<'_, Self>, name: &str, text: &str) -> Result<(), DeliveryError> {
        let feed = target.secret.feed.expose_secret();
        let url = format!("https://pigeons.example/{feed}/{name}").parse().unwrap();
        let mut request = HttpRequest::post_json(url, &json!({ "loft": target.config.loft, "text": text }));
        if self.0 == Mistake::PutsTextIntoHeaders {
            request = request.header(HeaderName::from_static("x-text"), HeaderValue::from_str(text).unwrap());
        }
        let mut answer = target.service.send(request.clone()).await;
        if self.0 == Mistake::SendsTwice || (self.0 == Mistake::SendsUntilAnswered && answer.is_err()) {
            answer = target.service.send(request).await;
        }
        let refusal = match answer {
            Ok(answer) if self.0 == Mistake::QuotesWhatATenantsUrlSays && !answer.status.is_success() => {
                Some(DeliveryError::new(FailureKind::Rejected, String::from_utf8_lossy(&answer.body)))
            }
            Ok(answer) => DeliveryError::from_answer(&answer, target.service.now),
            Err(error) if self.0 == Mistake::TakesNoAnswerForUnavailable => {
                Some(DeliveryError { kind: FailureKind::Unavailable, ..error })
            }
            Err(error) => Some(error),
        };
        refusal.filter(|_| self.0 != Mistake::TakesAnyAnswerForSuccess).map_or(Ok(()), Err)
    }
}

impl Provider for Pigeons {
    const KIND: &'static str = "pigeons";
    type Config = Config;
    type Secret = Secret;

    fn describe(&self) -> Description {
        Description {
            name: "Pigeons",
            event_types: EventType::ALL,
            setup: "Feed them.",
            destination_fields: if self.0 == Mistake::NamesAWrongField { &["nest"] } else { &["loft"] },
            egress: if self.0 == Mistake::QuotesWhatATenantsUrlSays { Egress::Guarded } else { Egress::Trusted },
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Config>, DeliveryError> {
        self.fly(target, "look", "").await?;
        let loft = &target.config.loft;
        let lane = || Lane { key: loft.clone(), rate: None };
        // In an identity, where the core does not undo it.
        let identity = if self.0 == Mistake::ShowsTheSecret { target.secret.feed.expose_secret() } else { loft };
        Ok(Verified {
            config: Config { loft: loft.clone() },
            details: json!({}),
            identity: identity.to_owned(),
            lanes: Lanes::new(lane(), lane()),
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let name = if self.0 == Mistake::GivesEveryMessageOneName { "coo" } else { &message.id };
        let text = message.notification().body.unwrap_or_default();
        self.fly(target, name, &text).await?;
        Ok(Receipt { remote_id: None })
    }

    async fn targets(&self, _: &Secret, _: &Service<'_>) -> Result<Vec<Place>, DeliveryError> {
        if self.0 == Mistake::ListsNoPlaces {
            return Ok(Vec::new());
        }
        Err(DeliveryError::new(FailureKind::Rejected, "pigeons tell no places; give the loft by hand"))
    }
}

struct Harness(Pigeons);

impl ProviderHarness for Harness {
    fn provider(&self) -> &dyn DynProvider {
        &self.0
    }

    fn settings(&self) -> Value {
        json!({ "loft": "roof", "feed": "corn-and-7-peas" })
    }

    fn verified(&self) -> Vec<HttpResponse> {
        vec![answer(204, "")]
    }

    fn delivered(&self) -> Vec<HttpResponse> {
        vec![answer(200, "coo")]
    }

    fn message_id(&self, request: &HttpRequest) -> Option<String> {
        request.url.path().rsplit('/').next().map(str::to_owned)
    }
}

mod well_made {
    use super::{Harness, Mistake, Pigeons};

    async fn make() -> Harness {
        Harness(Pigeons(Mistake::None))
    }

    integrations_testkit::provider_conformance!(make);
}

/// Runs a case on a provider that makes a mistake; the case must fail.
fn assert_found(mistake: Mistake, case: impl AsyncFnOnce(&Harness)) {
    let run = || block_on(case(&Harness(Pigeons(mistake))));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    assert!(outcome.is_err(), "the mistake was not found");
}

#[test]
fn mistakes_are_found() {
    assert_found(Mistake::SendsTwice, async |h| suite::a_delivery_takes_effect_once(h).await);
    assert_found(Mistake::SendsUntilAnswered, async |h| suite::a_lost_answer_is_unconfirmed(h).await);
    assert_found(Mistake::TakesAnyAnswerForSuccess, async |h| suite::redirects_are_not_followed(h).await);
    assert_found(Mistake::TakesNoAnswerForUnavailable, async |h| suite::a_lost_answer_is_unconfirmed(h).await);
    assert_found(Mistake::ShowsTheSecret, async |h| suite::debug_shows_no_secret(h).await);
    assert_found(Mistake::PutsTextIntoHeaders, async |h| suite::hostile_text_is_delivered(h).await);
    assert_found(Mistake::NamesAWrongField, async |h| suite::the_description_is_complete(h).await);
    assert_found(Mistake::QuotesWhatATenantsUrlSays, async |h| {
        suite::what_answers_at_a_tenants_url_stays_there(h).await;
    });
    assert_found(Mistake::ListsNoPlaces, async |h| suite::places_are_listed_or_refused(h).await);
    assert_found(Mistake::GivesEveryMessageOneName, async |h| suite::a_repeat_is_the_same_request(h).await);
}
