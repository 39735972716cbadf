//! What the machine can do at this moment: the same things that the server needs, without the server.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{clock, sink::Sink};

/// How many connections the bare client has.
const CONNECTIONS: u32 = 50;
const REQUESTS: u32 = 30_000;
const SYNCS: u32 = 200;
const PAGE: [u8; 4096] = [7; 4096];

/// What the machine can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Requests a second of a bare hyper client with 50 connections against the sink.
    pub(crate) bare: f64,
    /// How long it takes to append 4 KiB to a file and sync it, in the middle.
    pub(crate) sync: Duration,
    /// Rows a second that SQLite takes in commits of a hundred, if somebody measured it.
    pub(crate) rows: Option<f64>,
}

/// Measures all of them.
pub(crate) async fn measure(sink: &Sink, folder: &Path, rows: Option<&PathBuf>) -> Result<Limits> {
    Ok(Limits {
        bare: bare(sink).await?,
        sync: sync(folder)?,
        rows: rows.map(|program| rows_a_second(program)).transpose()?,
    })
}

async fn bare(sink: &Sink) -> Result<f64> {
    let mut clients = JoinSet::new();
    let start = clock::now();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(sink.address.to_string()));
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(f64::from(REQUESTS) / (clock::now() - start).as_secs_f64())
}

async fn client(address: String) -> Result<()> {
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    // As long as what the server sends for an event.
    let body = Bytes::from(format!("{{\"chat_id\":1,\"text\":\"{}\"}}", "x".repeat(280)));
    for _ in 0..REQUESTS / CONNECTIONS {
        let request = Request::builder().method(Method::POST).uri("/bot1:x/sendMessage").header("host", &address);
        let request = request.header("content-type", "application/json").body(Full::new(body.clone()))?;
        sender.ready().await?;
        sender.send_request(request).await?.into_body().collect().await?;
    }
    Ok(())
}

fn sync(folder: &Path) -> Result<Duration> {
    let mut file = File::create(folder.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let start = clock::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(clock::now() - start);
    }
    times.sort();
    times.get(times.len() / 2).copied().context("no sync was measured")
}

fn rows_a_second(program: &Path) -> Result<f64> {
    let output = Command::new(program).output().context("the program that measures rows does not start")?;
    ensure!(output.status.success(), "the program that measures rows failed");
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
