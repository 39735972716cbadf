//! Calls to a homeserver (<https://spec.matrix.org/latest/client-server-api/>).

use http::Method;
use integrations_core::{
    DeliveryError, FailureKind, HttpRequest,
    provider::{HttpsUrl, Service},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{AccessToken, Room, answer};

/// A homeserver, as one account meets it.
pub(crate) struct Homeserver<'a> {
    pub(crate) url: &'a HttpsUrl,
    pub(crate) token: &'a AccessToken,
    pub(crate) service: Service<'a>,
}

/// The account that a token belongs to.
#[derive(Deserialize)]
pub(crate) struct Account {
    pub(crate) user_id: String,
}

impl Homeserver<'_> {
    /// Whose token it is.
    pub(crate) async fn whoami(&self) -> Result<Account, DeliveryError> {
        self.ask(&["account", "whoami"]).await
    }

    /// The room that an address leads to now.
    pub(crate) async fn resolve(&self, alias: &Room) -> Result<Room, DeliveryError> {
        #[derive(Deserialize)]
        struct Found {
            room_id: Room,
        }
        Ok(self.ask::<Found>(&["directory", "room", alias.as_str()]).await?.room_id)
    }

    /// Whether that user is in the room. The homeserver tells its members only.
    pub(crate) async fn is_member(&self, room: &Room, user: &str) -> Result<bool, DeliveryError> {
        #[derive(Deserialize)]
        struct Member {
            membership: String,
        }
        let member: Member = self.ask(&["rooms", room.as_str(), "state", "m.room.member", user]).await?;
        Ok(member.membership == "join")
    }

    /// The name of the room; not every room has one.
    pub(crate) async fn room_name(&self, room: &Room) -> Result<Option<String>, DeliveryError> {
        #[derive(Deserialize)]
        struct Named {
            name: Option<String>,
        }
        match self.ask::<Named>(&["rooms", room.as_str(), "state", "m.room.name"]).await {
            Ok(named) => Ok(named.name),
            Err(error) if error.http_status == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a message, once for every `transaction`: a repeat gives the id of the first
    /// (<https://spec.matrix.org/latest/client-server-api/#transaction-identifiers>).
    pub(crate) async fn send(&self, room: &Room, transaction: &str, content: &Value) -> Result<String, DeliveryError> {
        #[derive(Deserialize)]
        struct Sent {
            event_id: String,
        }
        let path = ["rooms", room.as_str(), "send", "m.room.message", transaction];
        let request = HttpRequest { method: Method::PUT, ..HttpRequest::post_json(self.url.to_url(), content) };
        Ok(self.call::<Sent>(request, &path).await?.event_id)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, DeliveryError> {
        self.call(HttpRequest::get(self.url.to_url()), path).await
    }

    async fn call<T: DeserializeOwned>(&self, mut request: HttpRequest, path: &[&str]) -> Result<T, DeliveryError> {
        request.url.set_query(None);
        let no_base = |()| DeliveryError::new(FailureKind::Misconfigured, "the homeserver is not a web address");
        let api = ["_matrix", "client", "v3"];
        request.url.path_segments_mut().map_err(no_base)?.pop_if_empty().extend(api.iter().chain(path));
        let answer = self.service.send(request.bearer(self.token.secret())?).await;
        answer::read(&answer.map_err(DeliveryError::repeatable)?, self.service.now)
    }
}
