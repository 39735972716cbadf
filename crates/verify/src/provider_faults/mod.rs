//! `provider-faults`: the service answers in every way it can, and each answer must be read as the table says.

mod case;
mod rows;

use anyhow::Result;
use futures_util::future::join_all;

use crate::{Report, Server, site::Site, tenant};
use case::{Case, Seen};
use rows::{BASE_DELAY, Expected, JITTER, ROWS, Row};

/// Sends one event into each row's trouble, and compares what comes of it with the table. The notes of the report are
/// the table in Markdown.
///
/// # Errors
/// The server did not get ready, or refused what must be there for a comparison.
pub async fn run(server: &Server) -> Result<Report> {
    let settings = [
        ("INTEGRATION_QUEUE_BASE_DELAY_SECONDS", BASE_DELAY.to_string()),
        ("INTEGRATION_QUEUE_JITTER_SECONDS", JITTER.to_string()),
    ];
    let site = Site::new(server, &settings).await?;
    let report = check(&site).await;
    site.close(report)
}

async fn check(site: &Site) -> Result<Report> {
    let (process, api) = site.start().await?;
    let api = api.acting_for(&tenant::found(&api).await?);
    let mut cases = Vec::new();
    for (number, row) in (1..).zip(ROWS) {
        cases.push(Case::new(&api, site.world(), row, number).await?);
    }
    let seen = join_all(cases.iter().map(|case| case.play(&api, site))).await;
    process.kill().await?;
    let mut report = Report { accepted: cases.len(), notes: table(), ..Report::of("provider-faults") };
    for (case, seen) in cases.iter().zip(seen) {
        judge(&mut report, case, seen);
    }
    Ok(report)
}

fn judge(report: &mut Report, case: &Case, seen: Result<Seen>) {
    match seen {
        Ok(seen) => {
            let repeats = seen.arrived.saturating_sub(1);
            report.delivered += seen.arrived.min(1);
            report.repeated += repeats;
            report.unexplained += repeats;
            report.faults.extend(case.faults(&seen));
        }
        Err(error) => {
            report.lost += 1;
            report.faults.push(format!("{}: {error:#}", case.row.service));
        }
    }
}

/// The table in Markdown.
fn table() -> Vec<String> {
    let head = "| the service | attempts | dispatch | next attempt | integration | messages in the chat |";
    let rows = ROWS.iter().map(|Row { service, expected, .. }| {
        let Expected { attempts, dispatch, next, integration, arrived } = expected;
        format!("| {service} | {} | {dispatch} | {next} | {integration} | {arrived} |", attempts.join(", "))
    });
    [head.to_owned(), "|---|---|---|---|---|---:|".to_owned()].into_iter().chain(rows).collect()
}
