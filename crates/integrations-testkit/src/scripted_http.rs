//! A service that answers from a script, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use integrations_core::{HttpBody, HttpClient, HttpError, HttpRequest, HttpResponse};

/// What a request is met with.
pub type Answer = Result<HttpResponse, HttpError>;

/// An [`HttpClient`] without a network.
#[derive(Debug)]
pub struct ScriptedHttp {
    script: Mutex<VecDeque<Answer>>,
    then: Option<Answer>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl ScriptedHttp {
    /// Gives these answers in order. One request more is a panic.
    pub fn playing(script: impl IntoIterator<Item = Answer>) -> Self {
        Self { script: Mutex::new(script.into_iter().collect()), then: None, requests: Mutex::default() }
    }

    /// Gives the same answer to every request.
    #[must_use]
    pub fn always(answer: Answer) -> Self {
        Self { then: Some(answer), ..Self::playing([]) }
    }

    /// The requests so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl HttpClient for ScriptedHttp {
    async fn send(&self, request: HttpRequest) -> Answer {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.or_else(|| self.then.clone()).expect("a request that the script has no answer for")
    }
}

/// An answer with that status and body and without headers.
///
/// # Panics
/// If there is no such status.
pub fn answer(status: u16, body: impl Into<Bytes>) -> HttpResponse {
    let status = StatusCode::from_u16(status).expect("a status from 100 to 999");
    HttpResponse { status, headers: HeaderMap::new(), body: body.into(), truncated: false }
}

/// The same answer with one more header.
#[must_use]
pub fn with_header(mut answer: HttpResponse, name: HeaderName, value: &'static str) -> HttpResponse {
    answer.headers.insert(name, HeaderValue::from_static(value));
    answer
}

/// The bytes that a request carries.
///
/// # Panics
/// If its body is of a kind that is not held in memory.
#[must_use]
pub fn body(request: &HttpRequest) -> &Bytes {
    match &request.body {
        HttpBody::Bytes(bytes) => bytes,
        _ => panic!("a body that is not bytes"),
    }
}
