//! What the use cases refuse, as problems.

use integrations_core::{DeliveryError, FailureKind, PlatformError, StoreError, store::Conflict};

use super::{Code, Problem};

impl From<PlatformError> for Problem {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::NotFound(_) => Self::new(Code::NotFound),
            PlatformError::Invalid(errors) => Self::invalid(errors),
            PlatformError::Conflict(conflict) => conflict.into(),
            PlatformError::Provider(error) => error.into(),
            PlatformError::Store(error @ StoreError::Unavailable { .. }) => {
                Self::new(Code::StoreUnavailable).caused_by(error)
            }
            other => Self::new(Code::Internal).caused_by(other),
        }
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let code = match conflict {
            Conflict::IntegrationNameTaken => Code::IntegrationNameTaken,
            Conflict::IntegrationAlreadyConnected => Code::IntegrationAlreadyConnected,
            Conflict::AddressTaken => Code::AddressTaken,
            Conflict::UnknownIntegration => Code::UnknownIntegration,
            Conflict::Outdated => Code::Outdated,
            Conflict::IntegrationLimitReached { limit } => {
                return Self::new(Code::IntegrationLimitReached)
                    .detail(format!("The organization has as many integrations as it may: {limit}."));
            }
            other => return Self::new(Code::Internal).caused_by(other),
        };
        Self::new(code)
    }
}

/// The service's own words are shown: they are cleaned, and whoever asked needs them to mend it.
impl From<DeliveryError> for Problem {
    fn from(error: DeliveryError) -> Self {
        let code = match error.kind {
            FailureKind::Throttled | FailureKind::Unavailable | FailureKind::Timeout | FailureKind::Unconfirmed => {
                Code::ProviderUnavailable
            }
            _ => Code::ProviderRejected,
        };
        Self::new(code).retry_after(error.retry_after).detail(error.message)
    }
}
