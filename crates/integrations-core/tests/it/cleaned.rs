//! Whatever a provider hands on of what its service said, the core takes the secret out of it.

use integrations_core::{
    DeliveryError, Egress, EventType, FailureKind, Lanes, Message, Provider, Receipt, SecretBytes,
    provider::{Description, DynProvider, Place, Service, Target, Verified},
};
use integrations_testkit::{scripted_http::ScriptedHttp, suite::block_on};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const SECRET: &str = "corn-and-7-peas";

/// Repeats what it was told wherever it can. If it is shy, only in errors.
struct Parrot {
    is_shy: bool,
}

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Cage {}

#[derive(Deserialize, schemars::JsonSchema)]
struct Word {
    word: String,
}

fn verified(word: &str) -> Verified<Cage> {
    let details = json!({ "label": format!("it says {word}\n"), "more": [{ "name": word }, 7, null] });
    Verified { config: Cage {}, details, identity: "cage".to_owned(), lanes: Lanes::single("cage") }
}

impl Parrot {
    fn error(&self, word: &str) -> Result<(), DeliveryError> {
        let moved = verified(word).into_connection()?;
        if self.is_shy { Err(DeliveryError::moved(moved, format!("not to {word}")).saying(word)) } else { Ok(()) }
    }
}

impl Provider for Parrot {
    const KIND: &'static str = "parrot";
    type Config = Cage;
    type Secret = Word;

    fn describe(&self) -> Description {
        Description {
            name: "Parrot",
            event_types: EventType::ALL,
            setup: "",
            destination_fields: &[],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<Cage>, DeliveryError> {
        self.error(&target.secret.word)?;
        Ok(verified(&target.secret.word))
    }

    async fn deliver(&self, target: &Target<'_, Self>, _: &Message<'_>) -> Result<Receipt, DeliveryError> {
        self.error(&target.secret.word)?;
        Ok(Receipt { remote_id: Some(target.secret.word.clone()) })
    }

    async fn targets(&self, secret: &Word, _: &Service<'_>) -> Result<Vec<Place>, DeliveryError> {
        self.error(&secret.word)?;
        let told = |place: &str| format!("{place} of {}", secret.word);
        Ok(vec![Place { id: "cage".to_owned(), label: told("cage"), kind: told("kind") }])
    }
}

/// Everything that comes out of the calls of a provider.
fn told(provider: &dyn DynProvider) -> [String; 3] {
    let http = ScriptedHttp::playing([]);
    let service = Service { http: &http, now: Timestamp::UNIX_EPOCH };
    let (config, secret) = (json!({}), SecretBytes::from(json!({ "word": SECRET }).to_string().into_bytes()));
    block_on(async {
        let message = Message::test("dsp_1".to_owned(), "Bird");
        [
            format!("{:?}", provider.verify(&config, &secret, service).await),
            format!("{:?}", provider.deliver(&config, &secret, &message, service).await),
            format!("{:?}", provider.targets(&secret, service).await),
        ]
    })
}

#[test]
fn no_secret_comes_out_of_a_provider() {
    for is_shy in [false, true] {
        for told in told(&Parrot { is_shy }) {
            assert!(told.contains("[redacted]") && !told.contains(SECRET), "{told}");
        }
    }
}

#[test]
fn what_holds_no_secret_stays() {
    let http = ScriptedHttp::playing([]);
    let service = Service { http: &http, now: Timestamp::UNIX_EPOCH };
    let secret = SecretBytes::from(json!({ "word": SECRET }).to_string().into_bytes());
    let connection = block_on(DynProvider::verify(&Parrot { is_shy: false }, &json!({}), &secret, service)).unwrap();
    assert_eq!(
        connection.details,
        json!({ "label": "it says [redacted]", "more": [{ "name": "[redacted]" }, 7, null] })
    );
    assert_eq!(connection.config, Value::Object(serde_json::Map::new()));
}

#[test]
fn stored_settings_that_fit_no_more_are_named_by_place_and_not_by_value() {
    let http = ScriptedHttp::playing([]);
    let service = Service { http: &http, now: Timestamp::UNIX_EPOCH };
    for (secret, said) in [
        (json!({ "word": [SECRET] }).to_string(), "the stored settings cannot be used: /config/word must be a string"),
        (SECRET.to_owned(), "the stored credentials are not JSON"),
    ] {
        let secret = SecretBytes::from(secret.into_bytes());
        let error = block_on(DynProvider::verify(&Parrot { is_shy: false }, &json!({}), &secret, service)).unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (FailureKind::Misconfigured, said));
    }
}
