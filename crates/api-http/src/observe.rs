//! What is done around every request: its identifier, its line in the log, its problem in writing, and a stop for
//! panics.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, header::CACHE_CONTROL};
use integrations_core::{Entropy, elapsed};

use crate::{
    problem::{Code, Problem},
    state::Api,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers every request, come what may.
pub(crate) async fn observe(State(state): State<Api>, request: Request, next: Next) -> Response {
    let ports = state.platform.ports();
    let started = ports.clock.now();
    let id = request_id(request.headers(), &*ports.entropy);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = answered.unwrap_or_else(|_| {
        tracing::error!(request_id = id, "a request handler panicked");
        Problem::new(Code::Internal).into_response()
    });
    let response = finished(response, &id);
    tracing::debug!(
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        request_id = id,
        millis = elapsed(started, ports.clock.now()).as_millis(),
        "request"
    );
    response
}

/// Gives up what takes longer than that.
pub(crate) async fn deadline(State(time): State<Duration>, request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(time, next.run(request)).await;
    answered.unwrap_or_else(|_| Problem::new(Code::TimedOut).into_response())
}

fn finished(mut response: Response, request_id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(causes) = problem.causes() {
            tracing::error!(request_id, code = problem.code.as_str(), "{causes}");
        }
        response = problem.written(response, request_id);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = request_id.parse() {
        headers.insert(REQUEST_ID, value);
    }
    response
}

/// The identifier that the client gave, if it is fit for logs, or a new one.
fn request_id(headers: &HeaderMap, entropy: &dyn Entropy) -> String {
    let fit = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(fit);
    given.map_or_else(|| generated(entropy), str::to_owned)
}

fn generated(entropy: &dyn Entropy) -> String {
    let mut random = [0; 16];
    entropy.fill(&mut random);
    format!("req_{:032x}", u128::from_be_bytes(random))
}
