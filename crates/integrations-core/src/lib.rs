//! The domain of the integrations platform: types, rules, ports and use cases. No runtime, no I/O.
#![doc = include_str!("../README.md")]

mod address;
mod clock;
mod dispatch;
mod event;
mod id;
mod integration;
mod lane;
pub mod memory;
mod organization;
mod outbound;
pub mod provider;
mod queue;
pub mod rules;
mod secret;
pub mod store;
pub mod text;
mod use_cases;

pub use address::{Address, AddressName, AddressNameError, NewSubscription, SubscribedAddress, Subscription};
pub use clock::{Clock, Entropy, elapsed, later};
pub use dispatch::{
    Attempt, AttemptError, AttemptOutcome, CancelReason, Dispatch, DispatchState, DispatchStatus, FailReason,
    HoldReason, Reason, Step, TRANSITIONS,
};
pub use event::{EmailReceived, Event, EventType, PREVIEW_CHARS, Payload, UnknownName};
pub use id::{
    AddressId, ApiKeyId, AttemptId, DispatchId, EventId, IntegrationId, OrganizationId, ParseIdError, SubscriptionId,
};
pub use integration::{Connection, Integration, IntegrationStatus};
pub use lane::{Lane, LaneKey, Lanes, Rate, Reach};
pub use organization::{ApiKey, Organization, Scope};
pub use outbound::{Egress, HttpBody, HttpClient, HttpError, HttpRequest, HttpResponse, MAX_RESPONSE_BYTES, Outbound};
pub use provider::{DeliveryError, DynProvider, FailureKind, FieldError, Message, Provider, Receipt, Registry};
pub use queue::{DispatchQueue, Finished, QueueEntry, QueueError, Reservation, Shares};
pub use secret::{CipherError, SealContext, Sealed, SecretBytes, SecretCipher};
pub use store::{Store, StoreError};
pub use use_cases::{
    IncomingEvent, IntegrationInput, IntegrationPatch, IntegrationView, Platform, PlatformError, Ports, Published,
    Repeat, SWEEP_HORIZON, Settings, StatusWish, Taken, Thing, WantedSubscription, WorkError,
};
