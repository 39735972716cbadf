//! Sample things of an installation, ready to be stored.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use integrations_core::{
    Address, AddressId, AddressName, ApiKey, ApiKeyId, Clock, Connection, DeliveryError, Entropy, EventId, EventType,
    FailureKind, Integration, IntegrationId, IntegrationStatus, Lane, Lanes, NewSubscription, Organization,
    OrganizationId, Payload, Rate, Receipt, Scope, Sealed, SubscriptionId, later,
    store::{Deduplication, DeduplicationScope, NewEvent, Recipient},
};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    clock::{ManualClock, SeqEntropy},
    sample,
};

/// Makes things that are all different, and the same in every run. Their times are those of its clock.
#[derive(Debug, Default)]
pub struct Samples {
    /// The time.
    pub clock: ManualClock,
    entropy: SeqEntropy,
    count: AtomicU32,
}

impl Samples {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A name that no other sample has.
    fn name(&self, kind: &str) -> String {
        format!("{kind} {}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// An organization.
    pub fn organization(&self) -> Organization {
        let id = OrganizationId::generate(&self.clock, &self.entropy);
        Organization { id, name: self.name("organization"), created_at: self.now() }
    }

    /// A key that may publish and read.
    pub fn api_key(&self, organization: OrganizationId) -> ApiKey {
        let mut hash = [0; 32];
        self.entropy.fill(&mut hash);
        ApiKey {
            id: ApiKeyId::generate(&self.clock, &self.entropy),
            organization,
            name: self.name("key"),
            scopes: BTreeSet::from([Scope::Publish, Scope::Read]),
            hash,
            created_at: self.now(),
        }
    }

    /// An active integration with a destination and a credential of its own, and without rates.
    pub fn integration(&self, organization: OrganizationId) -> Integration {
        let name = self.name("integration");
        Integration {
            id: IntegrationId::generate(&self.clock, &self.entropy),
            organization,
            provider: "sample".to_owned(),
            status: IntegrationStatus::Active,
            status_reason: None,
            connection: connection(&name),
            name,
            secret: Sealed { envelope: b"sealed".to_vec() },
            secret_version: 1,
            revision: 1,
            last_validated_at: Some(self.now()),
            created_at: self.now(),
            updated_at: self.now(),
        }
    }

    /// An address.
    pub fn address(&self, organization: OrganizationId) -> Address {
        let name = self.name("box").replace(' ', "-");
        Address {
            id: AddressId::generate(&self.clock, &self.entropy),
            organization,
            name: AddressName::new(&name, "mail.example").unwrap(),
            created_at: self.now(),
            updated_at: self.now(),
        }
    }

    /// The wish that an address subscribes that integration to mail.
    pub fn subscription(&self, integration: IntegrationId) -> NewSubscription {
        let id = SubscriptionId::generate(&self.clock, &self.entropy);
        NewSubscription { id, integration, event_type: EventType::EmailReceived }
    }

    /// A mail that comes now, without a key against repeats.
    pub fn event(&self, address: &Address) -> NewEvent {
        NewEvent {
            id: EventId::generate(&self.clock, &self.entropy),
            organization: address.organization,
            recipient: Recipient::Id(address.id),
            occurred_at: self.now(),
            received_at: self.now(),
            payload: Payload::EmailReceived(sample::mail()),
            deduplication: None,
        }
    }

    /// A key against repeats that lasts for an hour; equal for equal numbers. The fingerprint is that of an equal
    /// content.
    #[must_use]
    pub fn deduplication(&self, scope: DeduplicationScope, number: u8) -> Deduplication {
        let expires_at = later(self.now(), Duration::from_secs(3_600));
        Deduplication { scope, key: [number; 32], fingerprint: [7; 32], expires_at }
    }
}

/// Settings that lead to the destination of that name, with lanes of its own and without rates.
#[must_use]
pub fn connection(name: &str) -> Connection {
    let lane = |kind| Lane { key: format!("{kind} {name}"), rate: None };
    Connection {
        config: json!({ "room": name }),
        details: json!({ "roomLabel": format!("The room {name}") }),
        identity: format!("room:{name}"),
        lanes: Lanes::new(lane("room"), lane("account")),
    }
}

/// The same settings with a rate to keep at the destination.
#[must_use]
pub fn paced(mut connection: Connection, rate: Rate) -> Connection {
    connection.lanes.destination.rate = Some(rate);
    connection
}

/// The proof of a delivery.
#[must_use]
pub fn receipt() -> Receipt {
    Receipt { remote_id: Some("message-1".to_owned()) }
}

/// A failure of that kind, in the service's words.
#[must_use]
pub fn failure(kind: FailureKind) -> DeliveryError {
    DeliveryError::new(kind, format!("the service says: {kind:?}"))
}
