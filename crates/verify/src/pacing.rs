//! `pacing`: a burst of events for a few chats, on a service that refuses whoever sends too fast. Nothing may be refused,
//! and everything must come in order.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result};
use http::Method;
use telegram_sandbox::Limits;

use crate::{
    Report, Server,
    api::Content,
    client_log::ClientLog,
    clock::Stopwatch,
    history,
    load::event,
    marker::Marker,
    reckoning::compare,
    site::{STOP, Site},
    tenant::Tenant,
};

const CHATS: i64 = 10;
/// What Telegram lets into one chat (`telegram_sandbox::Limits::faq`): so many messages in any such time.
const MESSAGES: u32 = 3;
const PERIOD: Duration = Duration::from_secs(3);

/// Sends a burst of `rounds` events for each of ten chats, and compares the logs and the order.
///
/// # Errors
/// The server did not get ready, or refused an event, or did not end its work.
pub async fn run(server: &Server, rounds: u32) -> Result<Report> {
    let on = ("INTEGRATION_TELEGRAM_PACING", "on".to_owned());
    let site = Site::with_limits(server, &[on], Limits::faq()).await?;
    let report = burst(&site, rounds).await;
    site.close(report)
}

async fn burst(site: &Site, rounds: u32) -> Result<Report> {
    let (process, api) = site.start().await?;
    let tenant = Tenant::with_lone_chats(&api, site.world(), CHATS).await?;
    let api = api.acting_for(&tenant.organization);
    let (client, burst) = (ClientLog::default(), Stopwatch::start());
    let mut connection = api.connect().await?;
    for _ in 0..rounds {
        for address in &tenant.addresses {
            let (marker, watch) = (client.offer(), Stopwatch::start());
            let content = Content::json(&event(address, marker));
            let answer = connection.send(Method::POST, "/v1/events", content).await?;
            client.answered(marker, &answer, watch.elapsed());
        }
    }
    let least = PERIOD * (rounds.saturating_sub(1) / MESSAGES);
    history::all_ended(&api, least * 2 + Duration::from_secs(60)).await?;
    let took = burst.elapsed();
    let (mut report, _) = compare("pacing", site, &api, &tenant, &client).await?;
    process.stop(STOP).await?;
    judge_order(&mut report, site)?;
    let refused = site.world().calls(0).iter().filter(|call| call.status == Some(429)).count();
    if refused > 0 {
        report.faults.push(format!("{refused} calls came too fast and were refused"));
    }
    let more = took.as_secs_f64() / least.as_secs_f64() - 1.0;
    report.notes.push(format!(
        "{rounds} messages in each of {CHATS} chats within {:.1} s, {:.1} % more than the limit's own {} s; {refused} refused",
        took.as_secs_f64(),
        more * 100.0,
        least.as_secs()
    ));
    Ok(report)
}

/// In each chat the messages must stand as their events were sent.
fn judge_order(report: &mut Report, site: &Site) -> Result<()> {
    let mut last = BTreeMap::<i64, Marker>::new();
    for message in site.world().received(0) {
        let marker = Marker::find(&message.content.text).context("a message without a marker")?;
        if let Some(before) = last.insert(message.chat_id, marker).filter(|before| before.0 > marker.0) {
            report.faults.push(format!("{marker} came behind {before} in chat {}", message.chat_id));
        }
    }
    Ok(())
}
