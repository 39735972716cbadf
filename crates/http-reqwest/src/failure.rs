//! Reads the errors of the HTTP stack as the port tells them: our own words, and whether anything may have been sent.

use std::{error::Error, io};

use integrations_core::HttpError;

use crate::gate::Denied;

/// Why a call has no answer at all.
pub(crate) fn without_answer(error: &reqwest::Error) -> HttpError {
    if find::<Denied>(error).is_some() {
        HttpError::Blocked
    } else if error.is_connect() {
        while_connecting(error)
    } else if error.is_builder() {
        HttpError::NotSent { reason: "the URL is not one of HTTP" }
    } else if find(error).is_some_and(hyper::Error::is_canceled) {
        // The one error that gives the request back: the connection closed before any of it was written.
        HttpError::NotSent { reason: "the connection closed before the request was sent" }
    } else if error.is_timeout() {
        HttpError::Unknown { reason: "timed out waiting for the answer" }
    } else if find(error).is_some_and(hyper::Error::is_parse) {
        HttpError::Unknown { reason: "the answer is not HTTP" }
    } else {
        HttpError::Unknown { reason: "the connection closed before the answer" }
    }
}

/// Why an answer stops in the middle of its body.
pub(crate) fn within_answer(error: &reqwest::Error) -> HttpError {
    let reason = if error.is_timeout() { "timed out within the answer" } else { "the answer was cut off" };
    HttpError::Unknown { reason }
}

fn while_connecting(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::ConnectTimeout;
    }
    let refused = |io: &io::Error| io.kind() == io::ErrorKind::ConnectionRefused;
    let reason = if error.is_dns() {
        "the name was not found"
    } else if find::<rustls::Error>(error).is_some() {
        "TLS failed"
    } else if find(error).is_some_and(refused) {
        "the connection was refused"
    } else {
        "the connection did not open"
    };
    HttpError::NotSent { reason }
}

/// The first error of that type among the causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        // As a source it names the source of what it wraps, and leaves out what it wraps.
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
    .find_map(|error| error.downcast_ref())
}
