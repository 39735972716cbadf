//! What a client knows of its events: which it offered, and which it saw accepted. It only grows.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use http::StatusCode;
use serde_json::Value;

use crate::{api::Answer, marker::Marker};

/// An event whose acceptance was read in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) marker: Marker,
    /// The server's name for it.
    pub(crate) event: String,
    /// How many messages it becomes.
    pub(crate) dispatches: usize,
}

/// The log of a client with many connections.
#[derive(Clone, Default)]
pub(crate) struct ClientLog(Arc<Mutex<Entries>>);

/// What stands in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    /// How many events were offered; their markers count from 0.
    pub(crate) offered: u64,
    /// Those that were accepted.
    pub(crate) accepted: Vec<Accepted>,
    /// Answers other than 202.
    pub(crate) refused: Vec<String>,
    /// How long the slowest answer took.
    pub(crate) slowest: Duration,
}

impl ClientLog {
    /// A new event is about to be sent.
    pub(crate) fn offer(&self) -> Marker {
        let mut entries = self.lock();
        entries.offered += 1;
        Marker(entries.offered - 1)
    }

    /// Its answer was read, so long after it was sent.
    pub(crate) fn answered(&self, marker: Marker, answer: &Answer, took: Duration) {
        let accepted = read(marker, answer);
        let mut entries = self.lock();
        entries.slowest = entries.slowest.max(took);
        match accepted {
            Ok(accepted) => entries.accepted.push(accepted),
            Err(error) => entries.refused.push(format!("{marker}: {error:#}")),
        }
    }

    /// How long the slowest answer took.
    pub(crate) fn slowest(&self) -> Duration {
        self.lock().slowest
    }

    pub(crate) fn entries(&self) -> Entries {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the answer to an event, or to a mail with one recipient.
fn read(marker: Marker, answer: &Answer) -> Result<Accepted> {
    anyhow::ensure!(answer.status == StatusCode::ACCEPTED, "{answer}");
    let body: Value = answer.json()?;
    let result = body.pointer("/data/0").unwrap_or(&body);
    let event = result.get("id").and_then(Value::as_str).with_context(|| format!("no id: {answer}"))?;
    let dispatches = result.get("dispatchCount").and_then(Value::as_u64);
    let dispatches = dispatches.with_context(|| format!("no dispatchCount: {answer}"))?;
    Ok(Accepted { marker, event: event.to_owned(), dispatches: usize::try_from(dispatches)? })
}
