//! Who calls, and what they may do. Every route names its demand by an argument: [`Tenant`], [`Permit`] or [`Admin`].

use std::{marker::PhantomData, sync::Arc};

use axum::extract::FromRequestParts;
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use integrations_core::{ApiKey, OrganizationId, PlatformError, Scope};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    problem::{Answer, Code, Problem},
    state::Api,
};

/// The header with which the admin token names an organization.
const ORGANIZATION: &str = "x-org-id";

/// A scope as a type, so that the signature of a route says what it demands.
pub(crate) trait Demand {
    const SCOPE: Scope;
}

macro_rules! demands {
    ($($name:ident)*) => {$(
        #[doc = concat!("The scope ", stringify!($name), ".")]
        pub(crate) enum $name {}

        impl Demand for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

demands! { Read Publish Manage }

/// A caller who was recognised.
pub(crate) struct Caller {
    /// The key, unless it is the admin token.
    pub(crate) key: Option<Arc<ApiKey>>,
    /// The organization that the caller acts for: the key's, or the one that the admin names.
    pub(crate) organization: Option<OrganizationId>,
}

/// A caller with that scope; no organization is needed.
pub(crate) struct Permit<D> {
    pub(crate) caller: Caller,
    demand: PhantomData<D>,
}

/// A caller with that scope, acting for an organization.
pub(crate) struct Tenant<D> {
    pub(crate) organization: OrganizationId,
    pub(crate) caller: Caller,
    demand: PhantomData<D>,
}

/// The operator.
pub(crate) struct Admin;

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        let token = bearer(&parts.headers).ok_or_else(|| Problem::new(Code::Unauthorized))?;
        let hash: [u8; 32] = Sha256::digest(token).into();
        let wanted = parts.headers.get(ORGANIZATION).map(|value| {
            let id = value.to_str().ok().and_then(|text| text.trim().parse::<OrganizationId>().ok());
            id.ok_or_else(|| Problem::new(Code::NotFound))
        });
        let is_admin = state.admin.is_some_and(|admin| hash.ct_eq(&admin).into());
        let key = if is_admin { None } else { Some(key(state, token, hash).await?) };
        let organization = match (wanted.transpose()?, &key) {
            (Some(wanted), Some(key)) if wanted != key.organization => return Err(Problem::new(Code::NotFound)),
            (Some(wanted), None) => Some(existing(state, wanted).await?),
            (_, key) => key.as_ref().map(|key| key.organization),
        };
        Ok(Self { key, organization })
    }
}

impl<D: Demand> FromRequestParts<Api> for Permit<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.key.as_ref().is_some_and(|key| !key.allows(D::SCOPE)) {
            return Err(Problem::new(Code::InsufficientScope).detail(format!("This needs the scope {}.", D::SCOPE)));
        }
        Ok(Self { caller, demand: PhantomData })
    }
}

impl<D: Demand> FromRequestParts<Api> for Tenant<D> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        let Permit { caller, demand } = Permit::from_request_parts(parts, state).await?;
        let organization = caller.organization.ok_or_else(|| Problem::new(Code::OrganizationRequired))?;
        Ok(Self { organization, caller, demand })
    }
}

impl FromRequestParts<Api> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Api) -> Answer<Self> {
        match Caller::from_request_parts(parts, state).await?.key {
            None => Ok(Self),
            Some(_) => Err(Problem::new(Code::InsufficientScope).detail("This needs the admin token.")),
        }
    }
}

/// The token of `Authorization: Bearer <token>` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn key(state: &Api, token: &str, hash: [u8; 32]) -> Answer<Arc<ApiKey>> {
    let now = state.platform.ports().clock.now();
    let lookup = async { Ok::<_, PlatformError>(state.platform.authenticate(token).await?.map(Arc::new)) };
    state.keys.get_or(hash, now, lookup).await?.ok_or_else(|| Problem::new(Code::Unauthorized))
}

async fn existing(state: &Api, id: OrganizationId) -> Answer<OrganizationId> {
    let now = state.platform.ports().clock.now();
    let lookup = async { state.platform.organization(id).await.map(|_| Some(())) };
    state.organizations.get_or(id, now, lookup).await?;
    Ok(id)
}
