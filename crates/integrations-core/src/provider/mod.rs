//! Providers: kinds of services that messages can be sent to.
//!
//! An author implements [`Provider`] in typed form: two structs say what users fill in, three methods talk to the
//! service. Everything else (form, schema, storage, sealing, retries, limits, history) follows from them. A
//! provider owns no HTTP client and no runtime: it sends through the [`Target`] that it is lent.

mod erased;
mod failure;
mod form;
mod message;
mod redact;
mod registry;
mod web_url;

use std::future::Future;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

pub use erased::DynProvider;
pub use failure::{DeliveryError, FailureKind, retry_after};
pub use form::{FieldError, Halves, read_input};
pub use message::{Action, Content, Field, Message, Notification};
pub use redact::MAX_ERROR_CHARS;
pub use registry::Registry;
pub use web_url::HttpsUrl;

use crate::{Connection, Egress, EventType, HttpClient, HttpRequest, HttpResponse, Lanes};

/// A kind of service.
pub trait Provider: Send + Sync + Sized + 'static {
    /// The name in the API and in stores, for example `telegram`. Never changes.
    const KIND: &'static str;
    /// What users fill in and may see again. Derive `deny_unknown_fields`, so that typing errors are found.
    type Config: Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    /// What users fill in and never see again: it is sealed. Its field names differ from those of the other half.
    type Secret: DeserializeOwned + JsonSchema + Send + Sync;

    /// What this provider is.
    fn describe(&self) -> Description;

    /// Checks the settings with the service, without sending a message, and says where they lead.
    fn verify(
        &self,
        target: &Target<'_, Self>,
    ) -> impl Future<Output = Result<Verified<Self::Config>, DeliveryError>> + Send;

    /// Delivers one message. One call at most takes effect at the service.
    fn deliver(
        &self,
        target: &Target<'_, Self>,
        message: &Message<'_>,
    ) -> impl Future<Output = Result<Receipt, DeliveryError>> + Send;

    /// The places that these credentials could send to, to choose from. Not every service can tell.
    fn targets(
        &self,
        secret: &Self::Secret,
        service: &Service<'_>,
    ) -> impl Future<Output = Result<Vec<Place>, DeliveryError>> + Send {
        let _ = (secret, service);
        std::future::ready(Err(DeliveryError::new(
            FailureKind::Rejected,
            "this provider cannot list places to send to; give the destination by hand",
        )))
    }
}

/// What a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The name for people.
    pub name: &'static str,
    /// The events it can deliver.
    pub event_types: &'static [EventType],
    /// How to set it up: steps in Markdown.
    pub setup: &'static str,
    /// The configuration fields that decide where messages go. Changing one requires every secret anew, so that
    /// nobody who may not see a secret can have it sent elsewhere.
    pub destination_fields: &'static [&'static str],
    /// Who decides where its requests go.
    pub egress: Egress,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<Config> {
    /// The configuration, normalized.
    pub config: Config,
    /// What else was found out, to show to people: a JSON object.
    pub details: serde_json::Value,
    /// What the destination is, however it was spelled.
    pub identity: String,
    /// The lanes before it.
    pub lanes: Lanes,
}

impl<Config: Serialize> Verified<Config> {
    /// The form that stores keep.
    ///
    /// # Errors
    /// [`FailureKind::Misconfigured`] if the configuration has no JSON form.
    pub fn into_connection(self) -> Result<Connection, DeliveryError> {
        let config = serde_json::to_value(&self.config)
            .map_err(|_| DeliveryError::new(FailureKind::Misconfigured, "the configuration has no JSON form"))?;
        Ok(Connection { config, details: self.details, identity: self.identity, lanes: self.lanes })
    }
}

/// Proof that a message arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The service's own identifier of the message.
    pub remote_id: Option<String>,
}

/// A place that messages could be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What to put into the configuration.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// What sort of place it is, in the service's own words, for example `group`.
    pub kind: String,
}

/// The way to the service, lent for one call.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    /// Sends requests.
    pub http: &'a dyn HttpClient,
    /// The time of the call.
    pub now: Timestamp,
}

impl Service<'_> {
    /// Sends a request and gives the answer if it is a success. A refusal is read by the default rules
    /// ([`DeliveryError::from_answer`]); what the service means otherwise, a provider says with `map_err`.
    ///
    /// # Errors
    /// No answer came, or one that is not a 2xx.
    pub async fn call(&self, request: HttpRequest) -> Result<HttpResponse, DeliveryError> {
        let answer = self.send(request).await?;
        DeliveryError::from_answer(&answer, self.now).map_or(Ok(answer), Err)
    }

    /// Sends a request and gives the answer, whatever its status.
    ///
    /// # Errors
    /// No answer came; the kind says whether the service may have received the request.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, DeliveryError> {
        Ok(self.http.send(request).await?)
    }
}

/// One configured connection of provider `P`, ready to talk to the service.
pub struct Target<'a, P: Provider> {
    /// What may be shown.
    pub config: &'a P::Config,
    /// What may not.
    pub secret: &'a P::Secret,
    /// The way to the service.
    pub service: Service<'a>,
}
