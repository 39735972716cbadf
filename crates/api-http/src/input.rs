//! JSON bodies: read within limits, and refused with the place and the reason where they are wrong.

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header::CONTENT_TYPE};
use integrations_core::provider::read_input;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    body::Allowance,
    problem::{Answer, Code, Problem},
    state::Api,
};

/// A JSON object that is a `T`.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Api) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        if !media_type(&parts.headers).is_none_or(is_json) {
            return Err(Problem::new(Code::UnsupportedMediaType).detail("Send application/json."));
        }
        let limits = &state.limits;
        let allowance = Allowance { bytes: limits.json_bytes, pause: limits.json_time, time: limits.json_time };
        let bytes = allowance.read(&parts.headers, body, None).await?;
        parse(&bytes).map(Self)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Code::InvalidJson).detail(format!("The body is not valid JSON: {error}.")))?;
    if !value.is_object() {
        return Err(Problem::invalid_at("", "must be an object"));
    }
    read_input("", value).map_err(|error| Problem::invalid(vec![error]))
}

/// The media type without its parameters, if one is given.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    Some(text.split(';').next().unwrap_or_default().trim())
}

/// Whether it is `application/json` or one of its kin, such as `application/merge-patch+json`.
pub(crate) fn is_json(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// For a field that may be absent but not `null`, where `null` would read like an order to remove something.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
