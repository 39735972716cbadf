//! Fakes of a provider and of a cipher, for tests of everything around them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use integrations_core::{
    CipherError, DeliveryError, Egress, EventType, Lane, Lanes, Message, Provider, Rate, Receipt, SealContext, Sealed,
    SecretBytes, SecretCipher,
    provider::{Content, Description, Place, Service, Target, Verified},
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

/// A provider that keeps what is delivered to it and fails as it is told. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Postbox {
    shared: Arc<Shared>,
    rate: Option<Rate>,
    is_ordered: bool,
}

/// An attempt to deliver.
#[derive(Debug, Clone)]
pub struct PostboxCall {
    /// The box.
    pub slot: String,
    /// The message's identifier.
    pub message: String,
    /// When it came.
    pub now: Timestamp,
}

type Answer = Box<dyn FnMut(&PostboxCall) -> Option<DeliveryError> + Send>;

struct Shared {
    answer: Mutex<Option<Answer>>,
    delivered: watch::Sender<Vec<Delivered>>,
    failures: Mutex<VecDeque<DeliveryError>>,
    verdict: Mutex<Option<DeliveryError>>,
    hanging: Mutex<Vec<String>>,
    go_on: Notify,
}

/// One message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The box it was put into.
    pub slot: String,
    /// The message's identifier.
    pub message: String,
    /// The mail's subject, or nothing for a test message.
    pub subject: Option<String>,
}

/// The public half of a postbox's settings.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostboxConfig {
    /// Which box to put messages into.
    pub slot: String,
}

/// The secret half.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostboxSecret {
    /// The key of the box.
    #[schemars(with = "String")]
    pub key: SecretString,
}

impl Default for Postbox {
    fn default() -> Self {
        let shared = Shared {
            answer: Mutex::default(),
            delivered: watch::Sender::default(),
            failures: Mutex::default(),
            verdict: Mutex::default(),
            hanging: Mutex::default(),
            go_on: Notify::new(),
        };
        Self { shared: Arc::new(shared), rate: None, is_ordered: false }
    }
}

impl Postbox {
    /// The same with a rate on its lanes.
    #[must_use]
    pub fn paced(self, rate: Rate) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// The same with one delivery to a box after the other.
    #[must_use]
    pub fn one_by_one(self) -> Self {
        Self { is_ordered: true, ..self }
    }

    /// The next delivery fails so; several wait their turn.
    pub fn fail_next(&self, error: DeliveryError) {
        self.shared.failures.lock().unwrap().push_back(error);
    }

    /// From now on every delivery is asked about: it fails if an error is given.
    pub fn answer_with(&self, answer: impl FnMut(&PostboxCall) -> Option<DeliveryError> + Send + 'static) {
        *self.shared.answer.lock().unwrap() = Some(Box::new(answer));
    }

    /// From now on verifications answer so; `None` accepts.
    pub fn judge(&self, verdict: Option<DeliveryError>) {
        *self.shared.verdict.lock().unwrap() = verdict;
    }

    /// Deliveries into that box never end, until [`Postbox::let_go`].
    pub fn hang(&self, slot: &str) {
        self.shared.hanging.lock().unwrap().push(slot.to_owned());
    }

    /// Lets everything that hangs go on.
    pub fn let_go(&self) {
        self.shared.hanging.lock().unwrap().clear();
        self.shared.go_on.notify_waiters();
    }

    /// Everything that was delivered so far.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.shared.delivered.borrow().clone()
    }

    /// Waits until so many messages have arrived, and gives them.
    ///
    /// # Panics
    /// If the postbox is dropped.
    pub async fn wait_for(&self, count: usize) -> Vec<Delivered> {
        let mut watch = self.shared.delivered.subscribe();
        watch.wait_for(|delivered| delivered.len() >= count).await.unwrap().clone()
    }
}

impl Provider for Postbox {
    const KIND: &'static str = "postbox";
    type Config = PostboxConfig;
    type Secret = PostboxSecret;

    fn describe(&self) -> Description {
        Description {
            name: "Postbox",
            event_types: EventType::ALL,
            setup: "1. Choose a box.",
            destination_fields: &["slot"],
            egress: Egress::Trusted,
        }
    }

    async fn verify(&self, target: &Target<'_, Self>) -> Result<Verified<PostboxConfig>, DeliveryError> {
        if let Some(verdict) = self.shared.verdict.lock().unwrap().clone() {
            return Err(verdict);
        }
        let lane = |key: &str, rate| Lane { key: key.to_owned(), rate };
        let lanes = Lanes::new(lane(&target.config.slot, self.rate), lane("all", None));
        Ok(Verified {
            config: target.config.clone(),
            details: serde_json::json!({ "label": format!("Box {}", target.config.slot) }),
            identity: target.config.slot.clone(),
            lanes: if self.is_ordered { lanes.one_by_one() } else { lanes },
        })
    }

    async fn deliver(&self, target: &Target<'_, Self>, message: &Message<'_>) -> Result<Receipt, DeliveryError> {
        let slot = target.config.slot.clone();
        loop {
            let go_on = self.shared.go_on.notified();
            if !self.shared.hanging.lock().unwrap().contains(&slot) {
                break;
            }
            go_on.await;
        }
        let call = PostboxCall { slot: slot.clone(), message: message.id.clone(), now: target.service.now };
        let answer = self.shared.answer.lock().unwrap().as_mut().and_then(|answer| answer(&call));
        if let Some(error) = answer {
            return Err(error);
        }
        if let Some(error) = self.shared.failures.lock().unwrap().pop_front() {
            return Err(error);
        }
        let subject = match message.content {
            Content::Event(event) => event.payload.subject().map(str::to_owned),
            _ => None,
        };
        let mut number = 0;
        self.shared.delivered.send_modify(|delivered| {
            delivered.push(Delivered { slot, message: message.id.clone(), subject });
            number = delivered.len();
        });
        Ok(Receipt { remote_id: Some(number.to_string()) })
    }

    async fn targets(&self, _: &PostboxSecret, _: &Service<'_>) -> Result<Vec<Place>, DeliveryError> {
        let place = |id: &str| Place { id: id.to_owned(), label: format!("Box {id}"), kind: "box".to_owned() };
        Ok(vec![place("one"), place("two")])
    }
}

/// A cipher that hides nothing, but keeps to its contexts. Only for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenCipher;

impl SecretCipher for OpenCipher {
    fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError> {
        let mut envelope = context.associated_data();
        envelope.push(b'|');
        envelope.extend_from_slice(plain.expose_secret());
        Ok(Sealed { envelope })
    }

    fn open(&self, context: SealContext, sealed: &Sealed) -> Result<SecretBytes, CipherError> {
        let mut prefix = context.associated_data();
        prefix.push(b'|');
        sealed.envelope.strip_prefix(&*prefix).map(|plain| plain.to_vec().into()).ok_or(CipherError::Rejected)
    }
}

/// A cipher with another key: it opens nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct LockedCipher;

impl SecretCipher for LockedCipher {
    fn seal(&self, context: SealContext, plain: &SecretBytes) -> Result<Sealed, CipherError> {
        OpenCipher.seal(context, plain)
    }

    fn open(&self, _: SealContext, _: &Sealed) -> Result<SecretBytes, CipherError> {
        Err(CipherError::Rejected)
    }
}
