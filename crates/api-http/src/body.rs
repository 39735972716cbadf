//! Reading bodies within limits of length and time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::{
    intake::Share,
    problem::{Answer, Code, Problem},
};

/// How a body may come.
pub(crate) struct Allowance {
    /// The greatest length, in bytes.
    pub(crate) bytes: usize,
    /// The longest pause between two pieces.
    pub(crate) pause: Duration,
    /// How long it may take in all.
    pub(crate) time: Duration,
}

impl Allowance {
    /// Reads the whole body; `share`, if there is one, counts its bytes as they come.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body, share: Option<&mut Share>) -> Answer<Vec<u8>> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > self.bytes) {
            return Err(self.too_large());
        }
        timeout(self.time, self.collect(body, share)).await.unwrap_or_else(|_| Err(Problem::new(Code::RequestTimeout)))
    }

    async fn collect(&self, mut body: Body, mut share: Option<&mut Share>) -> Answer<Vec<u8>> {
        let mut collected = Vec::new();
        while let Some(piece) = self.next(&mut body).await? {
            if piece.len() > self.bytes - collected.len() {
                return Err(self.too_large());
            }
            if share.as_mut().is_some_and(|share| !share.grow(piece.len())) {
                return Err(Problem::new(Code::Busy));
            }
            collected.extend_from_slice(&piece);
        }
        Ok(collected)
    }

    async fn next(&self, body: &mut Body) -> Answer<Option<Bytes>> {
        match timeout(self.pause, body.frame()).await {
            Err(_) => Err(Problem::new(Code::RequestTimeout)),
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
            Ok(Some(Err(_))) => Err(Problem::new(Code::InvalidRequest).detail("The body ended early.")),
        }
    }

    fn too_large(&self) -> Problem {
        Problem::new(Code::PayloadTooLarge).detail(format!("The body has more than {} bytes.", self.bytes))
    }
}
