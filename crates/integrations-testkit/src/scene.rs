//! A store with a clock: the few steps that tests of dispatching are told in.

use std::{sync::Arc, time::Duration};

use integrations_core::{
    Address, Attempt, Connection, DeliveryError, Dispatch, DispatchId, FailureKind, Integration, IntegrationId,
    IntegrationStatus, Organization, OrganizationId, Rate, Receipt, Store, later,
    rules::Policy,
    store::{AttemptReport, Begun, NewEvent, Recorded, Settled, StartedAttempt},
};
use jiff::Timestamp;

use crate::builders::{self, Samples};

/// A store, samples to fill it with, and the policy under which dispatches are worked on. Jitter is drawn as zero.
pub struct Scene {
    /// The store.
    pub store: Arc<dyn Store>,
    /// What it is filled with, and the time.
    pub samples: Samples,
    /// The policy; the default one until it is changed.
    pub policy: Policy,
}

/// An address that subscribes one integration.
pub struct Route {
    /// The organization of both.
    pub organization: OrganizationId,
    /// The integration, as it was made.
    pub integration: Integration,
    /// The address.
    pub address: Address,
}

impl Scene {
    /// An empty scene.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, samples: Samples::default(), policy: Policy::default() }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.samples.now()
    }

    /// The time in so many seconds.
    #[must_use]
    pub fn in_seconds(&self, seconds: u64) -> Timestamp {
        later(self.now(), Duration::from_secs(seconds))
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.samples.clock.advance(Duration::from_secs(seconds));
    }

    /// Goes to a time.
    pub fn go_to(&self, time: Timestamp) {
        self.samples.clock.set(time);
    }

    /// Adds an organization.
    pub async fn organization(&self) -> OrganizationId {
        let organization: Organization = self.samples.organization();
        self.store.create_organization(&organization).await.unwrap();
        organization.id
    }

    /// Adds an active integration.
    pub async fn integration(&self, organization: OrganizationId) -> Integration {
        self.add_integration(self.samples.integration(organization)).await
    }

    /// Adds that integration.
    pub async fn add_integration(&self, integration: Integration) -> Integration {
        assert!(self.store.create_integration(&integration, 0).await.unwrap(), "the organization is not there");
        integration
    }

    /// Adds an address that subscribes these integrations to mail.
    pub async fn address(&self, organization: OrganizationId, integrations: &[IntegrationId]) -> Address {
        let address = self.samples.address(organization);
        let wishes: Vec<_> = integrations.iter().map(|id| self.samples.subscription(*id)).collect();
        self.store.create_address(&address, &wishes).await.unwrap().expect("the organization is not there");
        address
    }

    /// Adds an organization with one integration and one address that subscribes it.
    pub async fn route(&self) -> Route {
        let organization = self.organization().await;
        self.route_in(organization).await
    }

    /// The same in an organization that is there.
    pub async fn route_in(&self, organization: OrganizationId) -> Route {
        self.route_to(self.samples.integration(organization)).await
    }

    /// The same to an integration whose destination has a rate.
    pub async fn paced_route(&self, rate: Rate) -> Route {
        let integration = self.samples.integration(self.organization().await);
        let connection = builders::paced(integration.connection.clone(), rate);
        self.route_to(Integration { connection, ..integration }).await
    }

    async fn route_to(&self, integration: Integration) -> Route {
        let integration = self.add_integration(integration).await;
        let address = self.address(integration.organization, &[integration.id]).await;
        Route { organization: integration.organization, integration, address }
    }

    /// The integration as it is now.
    pub async fn stored(&self, integration: &Integration) -> Integration {
        let found = self.store.integration(integration.organization, integration.id).await.unwrap();
        found.expect("the integration is not there")
    }

    /// Changes an integration as it is now.
    pub async fn change(&self, integration: &Integration, change: impl FnOnce(&mut Integration)) {
        let mut changed = self.stored(integration).await;
        change(&mut changed);
        assert!(self.store.update_integration(&changed).await.unwrap(), "the integration is not there");
    }

    /// Sets the status of an integration.
    pub async fn set_status(&self, integration: &Integration, status: IntegrationStatus) {
        self.change(integration, |integration| integration.status = status).await;
    }

    /// Lets an integration lead to somewhere else.
    pub async fn reconnect(&self, integration: &Integration, connection: Connection) {
        self.change(integration, |integration| integration.connection = connection).await;
    }

    /// Records one event and gives what became of it.
    pub async fn record(&self, event: &NewEvent) -> Recorded {
        self.store.record(std::slice::from_ref(event), 0, None).await.unwrap().remove(0)
    }

    /// Records a new event at an address and gives its dispatches.
    pub async fn publish(&self, address: &Address) -> Vec<DispatchId> {
        match self.record(&self.samples.event(address)).await {
            Recorded::Accepted { entries, .. } => entries.into_iter().map(|entry| entry.dispatch).collect(),
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Records a new event at an address that subscribes one integration.
    pub async fn dispatch(&self, address: &Address) -> DispatchId {
        let dispatches = self.publish(address).await;
        assert_eq!(dispatches.len(), 1, "the address subscribes another number of integrations");
        dispatches[0]
    }

    /// Records so many new events at an address that subscribes one integration.
    pub async fn dispatches(&self, address: &Address, count: usize) -> Vec<DispatchId> {
        let mut dispatches = Vec::new();
        for _ in 0..count {
            dispatches.push(self.dispatch(address).await);
        }
        dispatches
    }

    /// The dispatch as it is now.
    pub async fn read(&self, route: &Route, id: DispatchId) -> Dispatch {
        self.store.dispatch(route.organization, id).await.unwrap().expect("the dispatch is not there")
    }

    /// The attempts of a dispatch.
    pub async fn attempts(&self, organization: OrganizationId, id: DispatchId) -> Vec<Attempt> {
        let found = self.store.dispatch_with_attempts(organization, id).await.unwrap();
        found.expect("the dispatch is not there").1
    }

    /// Tries to begin a dispatch.
    pub async fn begin(&self, id: DispatchId) -> Begun {
        self.begin_all(&[id]).await.remove(0)
    }

    /// Tries to begin dispatches in one call.
    pub async fn begin_all(&self, ids: &[DispatchId]) -> Vec<Begun> {
        self.store.begin(ids, &self.policy, self.now()).await.unwrap()
    }

    /// Begins a dispatch that must start.
    pub async fn start(&self, id: DispatchId) -> StartedAttempt {
        match self.begin(id).await {
            Begun::Started(attempt) => *attempt,
            other => panic!("did not start: {other:?}"),
        }
    }

    /// Begins a dispatch that must wait, and gives until when.
    pub async fn wait(&self, id: DispatchId) -> Timestamp {
        match self.begin(id).await {
            Begun::Waiting(until) => until,
            other => panic!("does not wait: {other:?}"),
        }
    }

    /// The report of an attempt that ends now.
    #[must_use]
    pub fn report(&self, attempt: &StartedAttempt, result: Result<Receipt, DeliveryError>) -> AttemptReport {
        AttemptReport {
            dispatch: attempt.dispatch,
            generation: attempt.generation,
            revision: attempt.integration.revision,
            ended_at: self.now(),
            result,
            jitter: Duration::ZERO,
        }
    }

    /// Ends an attempt.
    pub async fn settle(&self, attempt: &StartedAttempt, result: Result<Receipt, DeliveryError>) -> Settled {
        let report = self.report(attempt, result);
        self.store.settle(&[report], &self.policy).await.unwrap().remove(0)
    }

    /// Starts a dispatch and delivers it.
    pub async fn deliver(&self, id: DispatchId) {
        let attempt = self.start(id).await;
        assert_eq!(self.settle(&attempt, Ok(builders::receipt())).await, Settled::Ended);
    }

    /// Starts a dispatch and lets the attempt fail.
    pub async fn fail(&self, id: DispatchId, error: DeliveryError) -> Settled {
        let attempt = self.start(id).await;
        self.settle(&attempt, Err(error)).await
    }

    /// Starts a dispatch and has it refused for good.
    pub async fn reject(&self, id: DispatchId) {
        assert_eq!(self.fail(id, builders::failure(FailureKind::Rejected)).await, Settled::Ended);
    }
}
