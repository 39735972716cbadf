//! What every route shares.

use std::sync::Arc;

use integrations_core::{ApiKey, ApiKeyId, OrganizationId, Platform};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{
    RequestLimits,
    auth::Caller,
    intake::Intake,
    long_work::LongWork,
    problem::{Answer, Code, Problem},
    recent::Recent,
    throttle::Throttle,
};

/// The state as the routes share it.
pub(crate) type Api = Arc<ApiState>;

/// Everything that the routes need.
pub struct ApiState {
    pub(crate) platform: Platform,
    pub(crate) limits: RequestLimits,
    /// SHA-256 of the admin token, if there is one.
    pub(crate) admin: Option<[u8; 32]>,
    /// Keys that were authenticated lately, by the SHA-256 of their text.
    pub(crate) keys: Recent<[u8; 32], Arc<ApiKey>>,
    /// Organizations that were there lately.
    pub(crate) organizations: Recent<OrganizationId, ()>,
    /// Calls that reach a provider, by key; those with the admin token have no key, and count by organization.
    pub(crate) provider_calls: Throttle<(Option<ApiKeyId>, Option<OrganizationId>)>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) long_work: LongWork,
    pub(crate) ready: Box<dyn Fn() -> bool + Send + Sync>,
    /// Whether the queue can be reached, for a process that is of no use without it.
    pub(crate) queue_reached: Box<dyn Fn() -> bool + Send + Sync>,
}

impl ApiState {
    /// Puts the parts together. `ready` says whether this server wants requests: not while it is shutting down.
    #[must_use]
    pub fn new(
        platform: Platform,
        admin_token: &SecretString,
        limits: RequestLimits,
        ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let admin = Some(Sha256::digest(admin_token.expose_secret()).into());
        Self { admin, ..Self::without_admin(platform, limits, ready) }
    }

    /// The same for a process that nobody administers.
    pub(crate) fn without_admin(
        platform: Platform,
        limits: RequestLimits,
        ready: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            platform,
            admin: None,
            keys: Recent::new(limits.key_memory),
            organizations: Recent::new(limits.organization_memory),
            provider_calls: Throttle::new(limits.provider_calls),
            intake: Arc::new(Intake::new(limits.mail_bytes_at_once, limits.mail_bytes_at_once_per_organization)),
            long_work: LongWork::new(),
            ready: Box::new(ready),
            queue_reached: Box::new(|| true),
            limits,
        }
    }

    /// Counts a call that reaches a provider, or says that the caller has made too many.
    pub(crate) fn count_provider_call(&self, caller: &Caller) -> Answer<()> {
        let who = (caller.key.as_ref().map(|key| key.id), caller.organization);
        let counted = self.provider_calls.take(who, self.platform.ports().clock.now());
        counted.map_err(|wait| Problem::new(Code::RateLimited).retry_after(Some(wait)))
    }
}
