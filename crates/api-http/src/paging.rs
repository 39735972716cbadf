//! Lists in pages: `?limit=&cursor=` in, `{"data": [...], "nextCursor": ...}` out.

use std::borrow::Cow;

use axum::extract::{FromRequestParts, Query};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use integrations_core::store::{Page, Paged};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::{
    problem::{Answer, Code, Problem},
    state::Api,
};

/// The version of the cursor's format, its first byte.
const VERSION: u8 = 1;
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many items at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `nextCursor` of the page before. Pages stay whole when items are added or removed in the meantime.
    cursor: Option<String>,
}

/// The page that the query asks for.
pub(crate) struct Wanted(pub(crate) Page);

impl FromRequestParts<Api> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        let Params(PageQuery { limit, cursor }) = Params::from_request_parts(parts, state).await?;
        let limit = limit.map_or(Some(DEFAULT_LIMIT), |text| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)));
        let limit = limit.ok_or_else(|| refused(format!("`limit` must be a whole number from 1 to {MAX_LIMIT}.")))?;
        let after =
            cursor.map(|text| position(&text).ok_or_else(|| refused("`cursor` is not one that was given here.")));
        Ok(Self(Page { limit, after: after.transpose()? }))
    }
}

/// The parameters of the query, of which each may be given once.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Answer<Self> {
        let Query(params) = Query::try_from_uri(&parts.uri).map_err(|_| refused("A parameter is given twice."))?;
        Ok(Self(params))
    }
}

/// A request that is refused for its query or a header.
pub(crate) fn refused(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::new(Code::InvalidRequest).detail(detail)
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    data: Vec<T>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// The page of items that each become a `T`.
    pub(crate) fn of<U>(page: Paged<U>) -> Self
    where
        T: From<U>,
    {
        Self { data: page.items.into_iter().map(T::from).collect(), next_cursor: page.next.map(cursor) }
    }

    /// A list that is whole.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

fn cursor(position: u64) -> String {
    let mut bytes = [VERSION; 9];
    for (byte, digit) in bytes.iter_mut().skip(1).zip(position.to_be_bytes()) {
        *byte = digit;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn position(cursor: &str) -> Option<u64> {
    match *URL_SAFE_NO_PAD.decode(cursor).ok()?.as_slice() {
        [VERSION, ref position @ ..] => Some(u64::from_be_bytes(position.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nothing_else_does() {
        for at in [0, 1, 255, u64::MAX] {
            assert_eq!(position(&cursor(at)), Some(at));
        }
        for bad in ["", "AQ", "AQAAAAAAAAAA=", "AgAAAAAAAAAB", "AQAAAAAAAAABAA", "%00", "é"] {
            assert_eq!(position(bad), None, "{bad}");
        }
    }
}
