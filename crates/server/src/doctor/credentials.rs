//! The check that asks the services: do they still accept each integration's credentials?

use std::future::Future;

use integrations_core::{
    Clock, Integration, IntegrationStatus, Organization, Outbound, Registry, SealContext, SecretCipher, Store,
    StoreError,
    provider::Service,
    store::{Page, Paged},
};

use super::finding::Finding;

const SUBJECT: &str = "integration";
/// How many rows are read at once.
const PAGE: u32 = 100;

/// What it takes to ask a service.
pub(super) struct Verifier<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) cipher: &'a dyn SecretCipher,
    pub(super) registry: &'a Registry,
    pub(super) outbound: &'a Outbound,
    pub(super) clock: &'a dyn Clock,
}

impl Verifier<'_> {
    /// A finding for each integration of each organization.
    pub(super) async fn check(&self) -> Vec<Finding> {
        match self.all().await {
            Ok(findings) if findings.is_empty() => vec![Finding::ok(SUBJECT, "there is none")],
            Ok(findings) => findings,
            Err(error) => vec![Finding::fail(SUBJECT, error, "see what is said about the store")],
        }
    }

    async fn all(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for organization in every(|page| self.store.list_organizations(page)).await? {
            for integration in every(|page| self.store.list_integrations(organization.id, page)).await? {
                findings.push(self.one(&organization, &integration).await);
            }
        }
        Ok(findings)
    }

    async fn one(&self, organization: &Organization, integration: &Integration) -> Finding {
        let Integration { id, name, provider, status, .. } = integration;
        let who = format!("{provider} {name:?} ({id}) of {:?} ({})", organization.name, organization.id);
        let Err((fault, remedy)) = self.ask(integration).await else {
            return Finding::ok(SUBJECT, format!("{who}: accepted"));
        };
        if *status == IntegrationStatus::Active {
            Finding::fail(SUBJECT, format!("{who}: {fault}"), remedy)
        } else {
            Finding::warn(SUBJECT, format!("{who} is {status}: {fault}; {remedy}"))
        }
    }

    /// The fault, and what to do about it.
    async fn ask(&self, integration: &Integration) -> Result<(), (String, &'static str)> {
        let provider = self.registry.get(&integration.provider).ok_or_else(|| {
            ("this server has no such provider".to_owned(), "start a server that has it, or delete the integration")
        })?;
        let context = SealContext::Integration {
            organization: integration.organization,
            integration: integration.id,
            version: integration.secret_version,
        };
        let secret = self.cipher.open(context, &integration.secret).map_err(|error| {
            (error.to_string(), "give the key under which it was sealed, or enter the credentials again")
        })?;
        let http = self.outbound.client(provider.description().egress);
        let service = Service { http, now: self.clock.now() };
        match provider.verify(&integration.connection.config, &secret, service).await {
            Ok(_) => Ok(()),
            Err(error) => Err((error.to_string(), "mend it at the service, or change the integration's settings")),
        }
    }
}

/// All items of a list.
async fn every<T, F>(mut read: impl FnMut(Page) -> F) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<Paged<T>, StoreError>>,
{
    let mut items = Vec::new();
    let mut page = Page::first(PAGE);
    loop {
        let piece = read(page).await?;
        items.extend(piece.items);
        match piece.next {
            Some(next) => page.after = Some(next),
            None => return Ok(items),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use integrations_core::{
        DeliveryError, FailureKind, IntegrationInput, IntegrationPatch, Platform, Ports, Settings, Shares, StatusWish,
        memory::{MemoryQueue, MemoryStore},
        rules::DAY,
    };
    use integrations_testkit::{
        clock::{ManualClock, SeqEntropy},
        fakes::{LockedCipher, OpenCipher, Postbox},
        scripted_http::ScriptedHttp,
    };
    use serde_json::json;

    use super::*;

    /// An installation with one organization that has one integration.
    struct Fixture {
        platform: Platform,
        registry: Registry,
        postbox: Postbox,
        integration: Integration,
    }

    impl Fixture {
        async fn new() -> Self {
            let postbox = Postbox::default();
            let registry = Registry::new().with(postbox.clone());
            let http = Arc::new(ScriptedHttp::playing([]));
            let clock = Arc::new(ManualClock::new());
            let shares = Shares { lane: 1, organization: 1 };
            let ports = Ports {
                store: Arc::new(MemoryStore::new()),
                queue: Arc::new(MemoryQueue::new(clock.clone(), shares, DAY)),
                cipher: Arc::new(OpenCipher),
                outbound: Outbound { trusted: http.clone(), guarded: http },
                clock,
                entropy: Arc::new(SeqEntropy::new(1)),
            };
            let platform = Platform::new(ports, registry.clone(), Settings::default());
            let organization = platform.create_organization("Acme").await.unwrap().id;
            let config = json!({ "slot": "one", "key": "hunter2" }).as_object().unwrap().clone();
            let input = IntegrationInput { provider: "postbox".to_owned(), name: "Ops".to_owned(), config };
            let integration = platform.create_integration(organization, input).await.unwrap().integration;
            Self { platform, registry, postbox, integration }
        }

        /// What is found with that cipher and those providers, without the name of the integration.
        async fn findings(&self, cipher: &dyn SecretCipher, registry: &Registry) -> Vec<String> {
            let Ports { store, outbound, clock, .. } = self.platform.ports();
            let verifier = Verifier { store: &**store, cipher, registry, outbound, clock: &**clock };
            let Integration { id, organization, .. } = &self.integration;
            let who = format!("postbox \"Ops\" ({id}) of \"Acme\" ({organization})");
            verifier.check().await.iter().map(|finding| finding.to_string().replace(&who, "WHO")).collect()
        }

        async fn usual_findings(&self) -> Vec<String> {
            self.findings(&OpenCipher, &self.registry).await
        }
    }

    #[tokio::test]
    async fn credentials_that_are_accepted_are_fine() {
        assert_eq!(Fixture::new().await.usual_findings().await, ["ok    integration    WHO: accepted"]);
    }

    #[tokio::test]
    async fn credentials_that_are_refused_fail_where_they_are_used() {
        let fixture = Fixture::new().await;
        fixture.postbox.judge(Some(DeliveryError::new(FailureKind::Unauthorized, "the key hunter2 is revoked")));
        let findings = fixture.usual_findings().await;
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("FAIL  integration    WHO: the key "), "{findings:?}");
        assert!(!findings[0].contains("hunter2"), "{findings:?}");

        let pause = IntegrationPatch { status: Some(StatusWish::Paused), ..IntegrationPatch::default() };
        let Integration { organization, id, .. } = fixture.integration;
        fixture.platform.update_integration(organization, id, pause).await.unwrap();
        let findings = fixture.usual_findings().await;
        assert!(findings[0].starts_with("warn  integration    WHO is paused: the key "), "{findings:?}");
    }

    #[tokio::test]
    async fn a_wrong_key_and_a_missing_provider_are_told_apart() {
        let fixture = Fixture::new().await;
        let locked = fixture.findings(&LockedCipher, &fixture.registry).await;
        assert!(locked[0].starts_with("FAIL  integration    WHO: the sealed secret was refused"), "{locked:?}");
        let missing = fixture.findings(&OpenCipher, &Registry::new()).await;
        assert!(missing[0].starts_with("FAIL  integration    WHO: this server has no such provider"), "{missing:?}");
    }

    #[tokio::test]
    async fn an_installation_without_integrations_is_fine() {
        let fixture = Fixture::new().await;
        fixture.platform.delete_organization(fixture.integration.organization).await.unwrap();
        assert_eq!(fixture.usual_findings().await, ["ok    integration    there is none"]);
    }
}
