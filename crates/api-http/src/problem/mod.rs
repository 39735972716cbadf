//! Problems: every answer that is not a success, in the form of RFC 9457.

mod code;
mod platform;

use std::{borrow::Cow, error::Error, sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use integrations_core::FieldError;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use code::Code;

/// What an endpoint gives.
pub(crate) type Answer<T> = Result<T, Problem>;

/// Something that went wrong. It travels as an extension of a response until [`Problem::written`] adds the request's
/// identifier to it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem in the words of its code.
    pub(crate) fn new(code: Code) -> Self {
        let retry_after = retry_after(code).map(Duration::from_secs);
        Self { code, detail: Cow::Borrowed(code.meaning()), errors: Vec::new(), retry_after, cause: None }
    }

    /// Input that is wrong at those places.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::InvalidRequest) }
    }

    /// Input that is wrong at one place.
    pub(crate) fn invalid_at(pointer: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, detail)])
    }

    /// The same with more precise words, which may be shown to anybody.
    pub(crate) fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// The same with the time after which another try may help.
    pub(crate) fn retry_after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait.or(self.retry_after), ..self }
    }

    /// The same with what is behind it, for the log alone.
    pub(crate) fn caused_by(self, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..self }
    }

    /// The causes, outermost first, on one line.
    pub(crate) fn causes(&self) -> Option<String> {
        let mut error: &dyn Error = self.cause.as_deref()?;
        let mut causes = error.to_string();
        while let Some(source) = error.source() {
            causes = format!("{causes}: {source}");
            error = source;
        }
        Some(causes)
    }

    /// Writes the body into the response that carries this problem.
    pub(crate) fn written(self, mut response: Response, request_id: &str) -> Response {
        let status = self.code.status();
        let body = ProblemBody {
            status: status.as_u16(),
            title: status.canonical_reason().unwrap_or_default(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            errors: self.errors.iter().map(FieldProblem::from).collect(),
        };
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        response.headers_mut().remove(CONTENT_LENGTH);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        *response.body_mut() = bytes.into();
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if self.code == Code::Unauthorized {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self.code, Code::PayloadTooLarge | Code::RequestTimeout | Code::Busy) {
            // The rest of the body is not read.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, whole_seconds(wait).into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// How many seconds to wait before another try, where nothing better is known.
fn retry_after(code: Code) -> Option<u64> {
    match code {
        Code::TooMuchWaiting => Some(60),
        _ => (code.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(2),
    }
}

/// Whole seconds, rounded up, since clients that come too early come in vain.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A problem (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// The name of the status.
    #[schema(example = "Bad Request")]
    title: &'a str,
    /// What is wrong and what to do, for people.
    detail: &'a str,
    /// What is wrong, for programs; never changes.
    #[schema(schema_with = crate::schema::code)]
    code: &'a str,
    /// The identifier of the request, under which the log has more.
    request_id: &'a str,
    /// What is wrong with which part of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem<'a>>,
}

/// What is wrong with a part of the body.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldProblem<'a> {
    /// Which part, as a JSON pointer (RFC 6901).
    #[schema(example = "/name")]
    pointer: &'a str,
    /// What is wrong and what is allowed.
    #[schema(example = "is required")]
    detail: &'a str,
}

impl<'a> From<&'a FieldError> for FieldProblem<'a> {
    fn from(error: &'a FieldError) -> Self {
        Self { pointer: &error.pointer, detail: &error.detail }
    }
}
