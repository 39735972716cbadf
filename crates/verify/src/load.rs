//! A load of events that lasts until the server goes away.

use std::time::Duration;

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
pub(crate) struct Load(JoinSet<Result<()>>);

impl Load {
    /// Starts to publish to these addresses.
    pub(crate) fn start(api: &Api, addresses: &[String], rate: Rate, log: &ClientLog) -> Self {
        let mut publishers = JoinSet::new();
        for address in addresses.iter().cycle().take(rate.connections) {
            publishers.spawn(publish(api.clone(), address.clone(), rate.every, log.clone()));
        }
        Self(publishers)
    }

    /// Returns when every publisher has lost its connection.
    pub(crate) async fn end(mut self) {
        // How a connection was lost does not matter: what was not answered in full is not accepted.
        while self.0.join_next().await.is_some() {}
    }
}

/// Publishes until the connection is lost.
async fn publish(api: Api, address: String, every: Duration, log: ClientLog) -> Result<()> {
    let mut connection = api.connect().await?;
    let mut beat = interval(every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let marker = log.offer();
        let answer = if marker.0.is_multiple_of(4) {
            send_mail(&mut connection, &address, marker).await?
        } else {
            send_event(&mut connection, &address, marker).await?
        };
        log.answered(marker, &answer);
    }
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
