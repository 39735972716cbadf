//! What stands before a store and passes its calls on, changed or not.

use integrations_core::{Store, StoreError};

/// A store in front of another one. [`decorate_store!`](crate::decorate_store) makes of it a
/// [`Store`], role by role.
pub trait StoreDecorator: Send + Sync {
    /// The store behind it.
    fn inner(&self) -> &dyn Store;

    /// What it makes of one call. Each run of `call` makes the call anew, and nothing happens until its future is
    /// polled.
    fn around<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        async move { call().await }
    }
}

/// Implements roles of the store port for a [`StoreDecorator`](crate::decorate::StoreDecorator): every method is passed
/// on through `around`. `decorate_store!(Type)` implements all of them, `decorate_store!(Type: EventStore, WorkStore)`
/// these.
#[macro_export]
macro_rules! decorate_store {
    ($type:ty) => {
        $crate::decorate_store!($type: AccountStore, AddressStore, CanaryStore, DispatchStore, EventStore, IntegrationStore, WorkStore);
    };
    ($type:ty: $($role:ident),+) => { $( $crate::decorate_store!(@ $role $type); )+ };
    (@ AccountStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::AccountStore,
            create_organization(organization: &integrations_core::Organization) -> ();
            organization(id: integrations_core::OrganizationId) -> Option<integrations_core::Organization>;
            list_organizations(page: integrations_core::store::Page)
                -> integrations_core::store::Paged<integrations_core::Organization>;
            delete_organization(id: integrations_core::OrganizationId) -> bool;
            create_api_key(key: &integrations_core::ApiKey) -> bool;
            find_api_key(id: integrations_core::ApiKeyId) -> Option<integrations_core::ApiKey>;
            list_api_keys(organization: integrations_core::OrganizationId, page: integrations_core::store::Page)
                -> integrations_core::store::Paged<integrations_core::ApiKey>;
            delete_api_key(organization: integrations_core::OrganizationId, id: integrations_core::ApiKeyId) -> bool;
        }
    };
    (@ CanaryStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::CanaryStore,
            canary() -> Option<integrations_core::Sealed>;
            ensure_canary(canary: &integrations_core::Sealed) -> integrations_core::Sealed;
        }
    };
    (@ AddressStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::AddressStore,
            create_address(address: &integrations_core::Address, wanted: &[integrations_core::NewSubscription])
                -> Option<integrations_core::SubscribedAddress>;
            address(organization: integrations_core::OrganizationId, id: integrations_core::AddressId)
                -> Option<integrations_core::SubscribedAddress>;
            list_addresses(organization: integrations_core::OrganizationId, page: integrations_core::store::Page)
                -> integrations_core::store::Paged<integrations_core::SubscribedAddress>;
            set_subscriptions(
                organization: integrations_core::OrganizationId,
                address: integrations_core::AddressId,
                wanted: &[integrations_core::NewSubscription],
                now: jiff::Timestamp
            ) -> Option<integrations_core::SubscribedAddress>;
            delete_address(
                organization: integrations_core::OrganizationId,
                id: integrations_core::AddressId,
                now: jiff::Timestamp
            ) -> bool;
        }
    };
    (@ DispatchStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::DispatchStore,
            dispatch(organization: integrations_core::OrganizationId, id: integrations_core::DispatchId)
                -> Option<integrations_core::Dispatch>;
            list_dispatches(
                organization: integrations_core::OrganizationId,
                filter: integrations_core::store::DispatchFilter,
                page: integrations_core::store::Page
            ) -> integrations_core::store::Paged<integrations_core::Dispatch>;
            dispatch_with_attempts(organization: integrations_core::OrganizationId, id: integrations_core::DispatchId)
                -> Option<(integrations_core::Dispatch, Vec<integrations_core::Attempt>)>;
            cancel(organization: integrations_core::OrganizationId, id: integrations_core::DispatchId)
                -> Option<(integrations_core::Dispatch, bool)>;
            replay(
                organization: integrations_core::OrganizationId,
                id: integrations_core::DispatchId,
                now: jiff::Timestamp
            ) -> Option<(integrations_core::Dispatch, Option<integrations_core::QueueEntry>)>;
        }
    };
    (@ EventStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::EventStore,
            record(
                events: &[integrations_core::store::NewEvent],
                max_waiting: u64,
                first: Option<&integrations_core::store::FirstAttempts>
            ) -> Vec<integrations_core::store::Recorded>;
        }
    };
    (@ IntegrationStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::IntegrationStore,
            create_integration(integration: &integrations_core::Integration, limit: u32) -> bool;
            integration(organization: integrations_core::OrganizationId, id: integrations_core::IntegrationId)
                -> Option<integrations_core::Integration>;
            list_integrations(organization: integrations_core::OrganizationId, page: integrations_core::store::Page)
                -> integrations_core::store::Paged<integrations_core::Integration>;
            count_integrations(organization: integrations_core::OrganizationId) -> u32;
            address_counts(
                organization: integrations_core::OrganizationId,
                integrations: &[integrations_core::IntegrationId]
            ) -> Vec<u64>;
            update_integration(changed: &integrations_core::Integration) -> bool;
            delete_integration(
                organization: integrations_core::OrganizationId,
                id: integrations_core::IntegrationId,
                now: jiff::Timestamp
            ) -> Option<integrations_core::store::DeletedIntegration>;
        }
    };
    (@ WorkStore $type:ty) => {
        $crate::decorate_store! { @@ $type, integrations_core::store::WorkStore,
            begin(
                dispatches: &[integrations_core::DispatchId],
                policy: &integrations_core::rules::Policy,
                now: jiff::Timestamp
            ) -> Vec<integrations_core::store::Begun>;
            settle(
                reports: &[integrations_core::store::AttemptReport],
                policy: &integrations_core::rules::Policy
            ) -> Vec<integrations_core::store::Settled>;
            interrupt(
                which: integrations_core::store::Abandoned,
                policy: &integrations_core::rules::Policy,
                now: jiff::Timestamp,
                limit: u32
            ) -> Vec<integrations_core::QueueEntry>;
            due(until: jiff::Timestamp, after: Option<(jiff::Timestamp, u64)>, limit: u32)
                -> Vec<integrations_core::QueueEntry>;
            release(which: integrations_core::store::Held, now: jiff::Timestamp, limit: u32)
                -> Vec<integrations_core::QueueEntry>;
            prune(now: jiff::Timestamp) -> ();
        }
    };
    (@@ $type:ty, $role:path, $( $method:ident($($name:ident: $arg:ty),*) -> $answer:ty; )+) => {
        #[async_trait::async_trait]
        impl $role for $type {
            $(
                async fn $method(&self $(, $name: $arg)*) -> Result<$answer, integrations_core::StoreError> {
                    use $crate::decorate::StoreDecorator as _;
                    self.around(|| self.inner().$method($($name),*)).await
                }
            )+
        }
    };
}
