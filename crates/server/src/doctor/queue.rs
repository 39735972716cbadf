//! Checks of the queue: whether Redis can be reached and used.

use queue_redis::{ConnectError, RedisQueue};

use super::finding::Finding;
use crate::{
    config::{Config, Queue, table::DISPATCH_QUEUE},
    wire,
};

const SUBJECT: &str = "queue";

/// Connects as a server does, beside those that are at work.
pub(super) async fn check(config: &Config) -> Finding {
    let Queue::Redis(url) = &config.queue else {
        return Finding::ok(SUBJECT, "embedded: rebuilt from the store at every start");
    };
    match RedisQueue::connect(wire::redis_config(config, url)).await {
        Ok(_) => Finding::ok(SUBJECT, "Redis answers, is new enough and drops nothing"),
        Err(error) => {
            let remedy = match error {
                ConnectError::Unusable(_) => format!("look after it, or correct {}", DISPATCH_QUEUE.entry.name),
                _ => "it is checked again at every start".to_owned(),
            };
            Finding::fail(SUBJECT, format!("{:#}", anyhow::Error::new(error)), remedy)
        }
    }
}
