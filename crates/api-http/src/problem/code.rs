//! The stable codes of problems: the one table of what can go wrong, with the status and the words for it.

use http::StatusCode;

macro_rules! codes {
    ($($variant:ident $text:literal $status:ident $meaning:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($variant,)* }

        impl Code {
            /// Every code there is.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as programs read it.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The status that it comes with.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// What it means and what to do, where an answer has nothing more precise to say.
            pub(crate) fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    InvalidJson "invalid_json" BAD_REQUEST "The body is not valid JSON.";
    InvalidRequest "invalid_request" BAD_REQUEST "The request is not valid; `errors` says where and why.";
    OrganizationRequired "organization_required" BAD_REQUEST
        "Name the organization with the header X-Org-Id; the admin token belongs to none.";
    UnknownIntegration "unknown_integration" BAD_REQUEST
        "A subscription names an integration that does not exist in this organization.";
    ProviderRejected "provider_rejected" BAD_REQUEST "The provider's service does not accept this.";
    TooManyRecipients "too_many_recipients" BAD_REQUEST "Give 1 to 100 `recipient` parameters.";
    UnreadableMail "unreadable_mail" BAD_REQUEST "The body is not a mail.";
    Unauthorized "unauthorized" UNAUTHORIZED "Give a valid key: `Authorization: Bearer <key>`.";
    InsufficientScope "insufficient_scope" FORBIDDEN "The key does not allow this.";
    NotFound "not_found" NOT_FOUND "There is nothing here, or it belongs to another organization.";
    UnknownAddress "unknown_address" NOT_FOUND "The organization has no such address.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "The header Allow names the methods of this path.";
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The body did not arrive in time.";
    IntegrationLimitReached "integration_limit_reached" CONFLICT
        "The organization has as many integrations as it may.";
    IntegrationNameTaken "integration_name_taken" CONFLICT
        "Another integration of the organization has that name.";
    IntegrationAlreadyConnected "integration_already_connected" CONFLICT
        "Another integration of the organization leads to the same destination.";
    AddressTaken "address_taken" CONFLICT "That address is taken.";
    DispatchNotReplayable "dispatch_not_replayable" CONFLICT
        "Only a failed or canceled dispatch of an integration that exists can be replayed.";
    DispatchNotCancelable "dispatch_not_cancelable" CONFLICT "Only a waiting dispatch can be canceled.";
    Outdated "outdated" CONFLICT "Somebody else changed it in the meantime. Read it again, then repeat the change.";
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE "The body is too large.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE
        "The header Content-Type names a format that is not accepted here.";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY
        "This Idempotency-Key, or this emailId, was used before with another body.";
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too many calls that reach a provider.";
    TooMuchWaiting "too_much_waiting" TOO_MANY_REQUESTS
        "The organization has too many waiting dispatches. Publish again when some have ended.";
    Internal "internal" INTERNAL_SERVER_ERROR "Something is wrong on our side; the log has it under the requestId.";
    ProviderUnavailable "provider_unavailable" BAD_GATEWAY "The provider's service cannot be used now.";
    Busy "busy" SERVICE_UNAVAILABLE "Too many bytes of mail are being taken in. Try again soon.";
    StoreUnavailable "store_unavailable" SERVICE_UNAVAILABLE "The store cannot be used now. Try again soon.";
    TimedOut "timed_out" SERVICE_UNAVAILABLE
        "It took too long and was given up; it may have been done in part. Look, then try again.";
    QueueUnavailable "queue_unavailable" SERVICE_UNAVAILABLE
        "The queue cannot be reached now. What is due waits, and goes out when it can.";
    ShuttingDown "shutting_down" SERVICE_UNAVAILABLE "This server is shutting down.";
}
