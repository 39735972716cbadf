//! The object-safe twin of every provider: raw JSON and secret bytes in, cleaned errors out.

use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    DeliveryError, Description, FailureKind, FieldError, Halves, Message, Place, Provider, Receipt, Service, Target,
    form, redact::Redactor,
};
use crate::{Connection, Egress, SecretBytes};

/// A provider whose types are erased. Implemented for every [`Provider`] and for nothing else.
#[async_trait::async_trait]
pub trait DynProvider: sealed::Sealed + Send + Sync {
    /// The kind, for example `telegram`.
    fn kind(&self) -> &'static str;

    /// What it is.
    fn description(&self) -> Description;

    /// The JSON Schema of what users fill in; secret properties are `writeOnly`.
    fn config_schema(&self) -> Value;

    /// Splits what a user filled in, and checks as much as can be checked without the service.
    ///
    /// # Errors
    /// What is wrong, each with its place below `/config`.
    fn read(&self, input: Map<String, Value>) -> Result<Halves, Vec<FieldError>>;

    /// The secret half of what a user filled in, checked; the other half may be missing.
    ///
    /// # Errors
    /// What is wrong, with its place below `/config`.
    fn read_secret(&self, input: Map<String, Value>) -> Result<Map<String, Value>, FieldError>;

    /// Splits like [`DynProvider::read`] without checking.
    fn split(&self, input: Map<String, Value>) -> Halves;

    /// See [`Provider::verify`].
    ///
    /// # Errors
    /// A cleaned failure.
    async fn verify(
        &self,
        config: &Value,
        secret: &SecretBytes,
        service: Service<'_>,
    ) -> Result<Connection, DeliveryError>;

    /// See [`Provider::deliver`].
    ///
    /// # Errors
    /// A cleaned failure.
    async fn deliver(
        &self,
        config: &Value,
        secret: &SecretBytes,
        message: &Message<'_>,
        service: Service<'_>,
    ) -> Result<Receipt, DeliveryError>;

    /// See [`Provider::targets`].
    ///
    /// # Errors
    /// A cleaned failure.
    async fn targets(&self, secret: &SecretBytes, service: Service<'_>) -> Result<Vec<Place>, DeliveryError>;
}

mod sealed {
    pub trait Sealed {}
    impl<P: super::Provider> Sealed for P {}
}

#[async_trait::async_trait]
impl<P: Provider> DynProvider for P {
    fn kind(&self) -> &'static str {
        P::KIND
    }

    fn description(&self) -> Description {
        self.describe()
    }

    fn config_schema(&self) -> Value {
        form::schema::<P::Config, P::Secret>()
    }

    fn read(&self, input: Map<String, Value>) -> Result<Halves, Vec<FieldError>> {
        let halves = self.split(input);
        let config = form::read::<P::Config>(Value::Object(halves.public.clone())).err();
        let secret = form::read::<P::Secret>(Value::Object(halves.secret.clone())).err();
        let errors: Vec<_> = config.into_iter().chain(secret).collect();
        if errors.is_empty() { Ok(halves) } else { Err(errors) }
    }

    fn read_secret(&self, input: Map<String, Value>) -> Result<Map<String, Value>, FieldError> {
        let secret = self.split(input).secret;
        form::read::<P::Secret>(Value::Object(secret.clone()))?;
        Ok(secret)
    }

    fn split(&self, input: Map<String, Value>) -> Halves {
        let secret_names = form::property_names::<P::Secret>();
        let mut halves = Halves::default();
        for (name, value) in input {
            let half = if secret_names.contains(&name) { &mut halves.secret } else { &mut halves.public };
            half.insert(name, value);
        }
        halves
    }

    async fn verify(
        &self,
        config: &Value,
        secret: &SecretBytes,
        service: Service<'_>,
    ) -> Result<Connection, DeliveryError> {
        let call = async {
            let (config, typed) = (stored_config(config)?, stored_secret(secret)?);
            let target = Target::<P> { config: &config, secret: &typed, service };
            Provider::verify(self, &target).await?.into_connection()
        };
        let mut connection = call.await.map_err(|error| cleaned(error, &self.describe(), secret))?;
        Redactor::new(secret).clean_texts(&mut connection.details);
        Ok(connection)
    }

    async fn deliver(
        &self,
        config: &Value,
        secret: &SecretBytes,
        message: &Message<'_>,
        service: Service<'_>,
    ) -> Result<Receipt, DeliveryError> {
        let call = async {
            let (config, typed) = (stored_config(config)?, stored_secret(secret)?);
            let target = Target::<P> { config: &config, secret: &typed, service };
            Provider::deliver(self, &target, message).await
        };
        let receipt = call.await.map_err(|error| cleaned(error, &self.describe(), secret))?;
        // It is the service's text, too.
        Ok(Receipt { remote_id: receipt.remote_id.map(|id| Redactor::new(secret).clean(&id)) })
    }

    async fn targets(&self, secret: &SecretBytes, service: Service<'_>) -> Result<Vec<Place>, DeliveryError> {
        let call = async {
            let typed = stored_secret(secret)?;
            Provider::targets(self, &typed, &service).await
        };
        let places = call.await.map_err(|error| cleaned(error, &self.describe(), secret))?;
        let redactor = Redactor::new(secret);
        let clean =
            |place: Place| Place { label: redactor.clean(&place.label), kind: redactor.clean(&place.kind), ..place };
        Ok(places.into_iter().map(clean).collect())
    }
}

fn stored_config<T: DeserializeOwned>(config: &Value) -> Result<T, DeliveryError> {
    T::deserialize(config).map_err(|_| unusable::<T>(config.clone()))
}

fn stored_secret<T: DeserializeOwned>(secret: &SecretBytes) -> Result<T, DeliveryError> {
    let bytes = secret.expose_secret();
    serde_json::from_slice(bytes).map_err(|_| match serde_json::from_slice(bytes) {
        Ok(value) => unusable::<T>(value),
        Err(_) => DeliveryError::new(FailureKind::Misconfigured, "the stored credentials are not JSON"),
    })
}

/// What is wrong with stored settings. They are read once more for that, since keeping track of the place costs more
/// than the reading.
fn unusable<T: DeserializeOwned>(value: Value) -> DeliveryError {
    let place = form::read::<T>(value).err().map(|FieldError { pointer, detail }| format!(": {pointer} {detail}"));
    let message = format!("the stored settings cannot be used{}", place.unwrap_or_default());
    DeliveryError::new(FailureKind::Misconfigured, message)
}

/// The error as it may be shown. What a service said is joined to our own words only where the operator chose the
/// service.
fn cleaned(error: DeliveryError, provider: &Description, secret: &SecretBytes) -> DeliveryError {
    let message = match error.said {
        Some(said) if provider.egress == Egress::Trusted => format!("{} ({}: {said})", error.message, provider.name),
        _ => error.message,
    };
    let redactor = Redactor::new(secret);
    let mut error = DeliveryError { message: redactor.clean(&message), said: None, ..error };
    if let Some(connection) = &mut error.moved_to {
        redactor.clean_texts(&mut connection.details);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EventType;

    fn shown(egress: Egress) -> String {
        let provider =
            Description { name: "Pigeons", event_types: EventType::ALL, setup: "", destination_fields: &[], egress };
        let secret = br#"{"feed":"corn-and-7-peas"}"#.to_vec().into();
        let error = DeliveryError::new(FailureKind::Rejected, "they would not fly").saying("no\ncorn-and-7-peas");
        cleaned(error, &provider, &secret).message
    }

    #[test]
    fn what_a_service_said_is_shown_where_the_operator_chose_it() {
        assert_eq!(shown(Egress::Trusted), "they would not fly (Pigeons: no [redacted])");
        assert_eq!(shown(Egress::Guarded), "they would not fly");
    }
}
