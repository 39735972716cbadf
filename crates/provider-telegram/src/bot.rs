//! Calls to the Bot API in the name of one bot.

use integrations_core::{DeliveryError, FailureKind, HttpRequest, provider::Service};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    BotToken,
    answer::{self, Refused},
};

/// A bot, and the way to the server that runs it.
pub(crate) struct Bot<'a> {
    pub(crate) base_url: &'a Url,
    pub(crate) token: &'a BotToken,
    pub(crate) service: Service<'a>,
}

impl Bot<'_> {
    /// Calls a method that takes effect.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &impl Serialize,
    ) -> Result<T, Refused> {
        let written = serde_json::to_vec(parameters);
        let body = written.map_err(|_| DeliveryError::new(FailureKind::Rejected, "it cannot be written as JSON"))?;
        let answer = self.service.send(HttpRequest::post(self.url(method)?, "application/json", body)).await?;
        answer::read(&answer, self.service.now)
    }

    /// Calls a method that only tells something: if its answer is lost, nothing has happened.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &impl Serialize,
    ) -> Result<T, Refused> {
        let answer = self.call(method, parameters).await;
        answer.map_err(|refused| Refused { error: refused.error.repeatable(), ..refused })
    }

    /// `<base>/bot<token>/<method>` (<https://core.telegram.org/bots/api#making-requests>).
    fn url(&self, method: &str) -> Result<Url, DeliveryError> {
        let mut url = self.base_url.clone();
        url.path_segments_mut()
            .map_err(|()| DeliveryError::new(FailureKind::Misconfigured, "the Bot API base URL is not an HTTP URL"))?
            .pop_if_empty()
            .push(&format!("bot{}", self.token.expose()))
            .push(method);
        Ok(url)
    }
}
