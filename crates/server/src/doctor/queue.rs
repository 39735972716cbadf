//! The check of the queue.

use super::finding::Finding;
use crate::{
    config::{Config, table::DISPATCH_QUEUE},
    wire,
};

/// Whether the queue can be used, which changes nothing in it.
pub(super) async fn check(config: &Config) -> Finding {
    const SUBJECT: &str = "queue";
    match wire::queue(config).await {
        Ok(None) => Finding::ok(SUBJECT, "embedded: rebuilt from the store at every start"),
        Ok(Some(_)) => Finding::ok(SUBJECT, "Redis answers, runs the queue's scripts, and never evicts"),
        Err(error) => {
            let remedy = format!("{} names it; nothing is lost meanwhile", DISPATCH_QUEUE.entry.name);
            Finding::fail(SUBJECT, error, remedy)
        }
    }
}
