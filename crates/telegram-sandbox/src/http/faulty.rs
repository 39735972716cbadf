//! Answers that go wrong on purpose.

use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;

use super::bot_api::response;
use super::connection::Link;
use crate::api::Answer;
use crate::world::{Fault, FaultAnswer, Refusal};

/// How much of a huge body is sent at a time.
static PIECE: [u8; 65_536] = [b'x'; 65_536];

/// Answers as the fault says. `answer` is what the call came to, if it was done.
pub(super) async fn respond(fault: Fault, answer: Option<Answer>, token: &str, link: &Link) -> Response {
    tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    match fault.answer {
        FaultAnswer::Normal => response(answer.unwrap_or_else(|| Err(Refusal::new(500, "Internal Server Error")))),
        FaultAnswer::Error { status, description, retry_after, migrate_to_chat_id } => {
            response(Err(Refusal { status, description, retry_after, migrate_to_chat_id }))
        }
        FaultAnswer::Raw { status, headers, body } => raw(status, &headers, body.0),
        FaultAnswer::EchoToken { status } => {
            response(Err(Refusal::new(status, format!("Bad Gateway: cannot reach /bot{token}/"))))
        }
        FaultAnswer::Huge { bytes } => Body::new(BadBody::Huge { left: bytes }).into_response(),
        FaultAnswer::Stall => Body::new(BadBody::Stall { has_started: false }).into_response(),
        FaultAnswer::Hang => pending().await,
        FaultAnswer::Reset => link.reset().await,
    }
}

fn raw(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

enum BadBody {
    Huge { left: u64 },
    Stall { has_started: bool },
}

impl hyper::body::Body for BadBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.get_mut() {
            Self::Stall { has_started: true } => return Poll::Pending,
            Self::Stall { has_started } => {
                *has_started = true;
                Bytes::from_static(b"{\"ok\":true,\"result\":{")
            }
            Self::Huge { left: 0 } => return Poll::Ready(None),
            Self::Huge { left } => {
                let size = usize::try_from(*left).unwrap_or(usize::MAX).min(PIECE.len());
                *left -= u64::try_from(size).unwrap_or(*left);
                Bytes::from_static(&PIECE).slice(..size)
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}
