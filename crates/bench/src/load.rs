//! Events on their way in: as many as there is room for, or so many a second.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};
use verify::api::{Api, Content};

use crate::{clock, sink::MARKER, site::Place};

/// How many connections make the load.
pub(crate) const CONNECTIONS: usize = 150;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ready-made, as JSON.
    Event,
    /// A raw mail of 20 KiB with three parts.
    Mail,
}

/// Sends events 0 to `events`, one after the other on each of the connections.
pub(crate) async fn burst(api: &Api, places: &[Place], kind: Kind, events: usize) -> Result<()> {
    let (next, places) = (Arc::new(AtomicUsize::new(0)), Arc::<[Place]>::from(places));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (next, places, api) = (next.clone(), places.clone(), api.clone());
        clients.spawn(async move {
            let mut connection = api.connect().await?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= events {
                    return Ok::<_, anyhow::Error>(());
                }
                send(&mut connection, &places, kind, number).await?;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(())
}

/// Sends so many events a second, whether or not those before were answered, and says when each was due.
pub(crate) async fn steady(api: &Api, places: &[Place], events: usize, rate: u32) -> Result<Vec<Duration>> {
    let (due, waiting) = mpsc::unbounded_channel();
    let pacer = thread::Builder::new().name("pacer".to_owned()).spawn(move || pace(&due, events, rate))?;
    let (waiting, places) = (Arc::new(Mutex::new(waiting)), Arc::<[Place]>::from(places));
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (waiting, places, api) = (waiting.clone(), places.clone(), api.clone());
        clients.spawn(async move {
            let mut connection = api.connect().await?;
            loop {
                let number = waiting.lock().await.recv().await;
                let Some(number) = number else { return Ok::<_, anyhow::Error>(()) };
                send(&mut connection, &places, Kind::Event, number).await?;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    pacer.join().map_err(|_| anyhow::anyhow!("the pacer failed"))
}

/// A thread that sleeps is woken more exactly than a task.
fn pace(due: &mpsc::UnboundedSender<usize>, events: usize, rate: u32) -> Vec<Duration> {
    let (start, step) = (clock::now(), Duration::from_secs(1) / rate);
    let mut times = Vec::with_capacity(events);
    for number in 0..events {
        let at = start + step * u32::try_from(number).unwrap_or(u32::MAX);
        thread::sleep(at.saturating_sub(clock::now()));
        times.push(clock::now());
        if due.send(number).is_err() {
            break;
        }
    }
    times
}

async fn send(connection: &mut verify::api::Connection, places: &[Place], kind: Kind, number: usize) -> Result<()> {
    // Spread over all of them, and not in the order in which they were made.
    let place = places.get((number * 7919) % places.len().max(1));
    let Some(place) = place else { return Ok(()) };
    connection.act_for(&place.organization);
    let answer = match kind {
        Kind::Event => connection.send(Method::POST, "/v1/events", event(place, number)).await?,
        Kind::Mail => {
            let path = format!("/v1/emails?recipient={}", place.address);
            connection.send(Method::POST, &path, Content::mail(mail(place, number))).await?
        }
    };
    ensure!(answer.status == StatusCode::ACCEPTED, "event {number}: {answer}");
    Ok(())
}

fn event(place: &Place, number: usize) -> Content {
    Content::json(&json!({
        "type": "email.received",
        "address": place.address,
        "from": "ada@shop.example",
        "subject": format!("{MARKER}{number}"),
        "text": "Hello, and welcome. Your sign-up code is 482 913. It is valid for fifteen minutes.",
    }))
}

/// Text, HTML and an attachment.
fn mail(place: &Place, number: usize) -> String {
    let line = "An ordinary line of a mail, as long as lines in mails usually are, give or take a word.\r\n";
    let (text, html, file) = (line.repeat(30), line.repeat(70), "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo".repeat(320));
    format!(
        "From: Ada <ada@shop.example>\r\nTo: {}\r\nSubject: {MARKER}{number}\r\nMessage-ID: <{number}@shop.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n\
         --b1\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n\
         --b2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n\
         --b2\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{html}</p>\r\n--b2--\r\n\
         --b1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=a.bin\r\n\r\n{file}\r\n--b1--\r\n",
        place.address
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_is_of_the_size_that_is_said() {
        let place = Place { organization: String::new(), address: "inbox@localhost".to_owned() };
        assert!((19_000..22_000).contains(&mail(&place, 1).len()), "{}", mail(&place, 1).len());
    }
}
