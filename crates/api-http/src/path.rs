//! Identifiers in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::{
    problem::{Answer, Code, Problem},
    state::Api,
};

/// The identifier in the path. One that cannot be parsed reads like one that does not exist.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr> FromRequestParts<Api> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok()).map(Self).ok_or_else(|| Problem::new(Code::NotFound))
    }
}
