//! A load of events that lasts until the server goes away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use http::Method;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    api::{Api, Connection, Content},
    client_log::ClientLog,
    clock::Stopwatch,
    marker::Marker,
};

/// How a load is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// So many connections,
    pub(crate) connections: usize,
    /// on each of which an event is sent so often, or as soon as the one before is answered.
    pub(crate) every: Duration,
}

/// Publishers at work.
pub(crate) struct Load {
    publishers: JoinSet<Result<()>>,
    stopping: Arc<AtomicBool>,
}

impl Load {
    /// Starts to publish to these addresses.
    pub(crate) fn start(api: &Api, addresses: &[String], rate: Rate, log: &ClientLog) -> Self {
        let (mut publishers, stopping) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        for address in addresses.iter().cycle().take(rate.connections) {
            publishers.spawn(publish(api.clone(), address.clone(), rate.every, log.clone(), stopping.clone()));
        }
        Self { publishers, stopping }
    }

    /// Lets every publisher end with an answer. The server must have been there all the time.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        while let Some(ended) = self.publishers.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Returns when every publisher has lost its connection.
    pub(crate) async fn end(mut self) {
        // How a connection was lost does not matter: what was not answered in full is not accepted.
        while self.publishers.join_next().await.is_some() {}
    }
}

/// Publishes until the connection is lost, or it is time to stop.
async fn publish(api: Api, address: String, every: Duration, log: ClientLog, stopping: Arc<AtomicBool>) -> Result<()> {
    let mut connection = api.connect().await?;
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stopping.load(Ordering::Relaxed) {
        beat.tick().await;
        let (marker, watch) = (log.offer(), Stopwatch::start());
        let answer = if marker.0.is_multiple_of(4) {
            send_mail(&mut connection, &address, marker).await?
        } else {
            send_event(&mut connection, &address, marker).await?
        };
        log.answered(marker, &answer, watch.elapsed());
    }
    Ok(())
}

async fn send_mail(connection: &mut Connection, address: &str, marker: Marker) -> Result<crate::api::Answer> {
    let mail = format!("From: Ada <ada@shop.example>\r\nTo: {address}\r\nSubject: {marker}\r\n\r\nHello.\r\n");
    connection.send(Method::POST, &format!("/v1/emails?recipient={address}"), Content::mail(mail)).await
}

async fn send_event(connection: &mut Connection, address: &str, marker: Marker) -> Result<crate::api::Answer> {
    connection.send(Method::POST, "/v1/events", Content::json(&event(address, marker))).await
}

/// An event as the API takes it.
pub(crate) fn event(address: &str, marker: Marker) -> serde_json::Value {
    json!({
        "type": "email.received",
        "address": address,
        "from": "ada@shop.example",
        "subject": marker.to_string(),
        "text": "Hello.",
    })
}
