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

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::header::RETRY_AFTER;
    use http_body_util::BodyExt as _;
    use integrations_core::{CipherError, Thing};

    use super::*;

    #[test]
    fn every_refusal_has_its_code() {
        let conflict = |conflict| PlatformError::Conflict(conflict);
        let cases = [
            (PlatformError::NotFound(Thing::Dispatch), Code::NotFound),
            (PlatformError::Invalid(Vec::new()), Code::InvalidRequest),
            (conflict(Conflict::IntegrationNameTaken), Code::IntegrationNameTaken),
            (conflict(Conflict::IntegrationAlreadyConnected), Code::IntegrationAlreadyConnected),
            (conflict(Conflict::IntegrationLimitReached { limit: 3 }), Code::IntegrationLimitReached),
            (conflict(Conflict::AddressTaken), Code::AddressTaken),
            (conflict(Conflict::UnknownIntegration), Code::UnknownIntegration),
            (conflict(Conflict::Outdated), Code::Outdated),
            (PlatformError::Provider(DeliveryError::new(FailureKind::Gone, "gone")), Code::ProviderRejected),
            (PlatformError::Provider(DeliveryError::new(FailureKind::Timeout, "slow")), Code::ProviderUnavailable),
            (PlatformError::Store(StoreError::Corrupt { detail: "row".to_owned() }), Code::Internal),
            (PlatformError::Cipher(CipherError::Rejected), Code::Internal),
        ];
        for (error, code) in cases {
            assert_eq!(Problem::from(error).code, code);
        }
    }

    #[tokio::test]
    async fn what_is_behind_a_fault_of_ours_goes_to_the_log_alone() {
        let source = std::io::Error::other("disk 7 is on fire").into();
        let problem = Problem::from(PlatformError::Store(StoreError::Unavailable { reason: "it is busy", source }));
        assert_eq!(problem.causes().unwrap(), "the store is not available: it is busy: disk 7 is on fire");
        let response = problem.clone().into_response();
        assert_eq!((response.status().as_u16(), &response.headers()[RETRY_AFTER]), (503, &"2".parse().unwrap()));
        let body = problem.written(response, "req").into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("store_unavailable") && !body.contains("disk") && !body.contains("busy"), "{body}");
    }
}
