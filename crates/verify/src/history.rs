//! What the server says about its dispatches.

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{api::Api, compare::Message, marker::Marker, poll, tenant::Tenant};

/// The statuses in which a dispatch has not ended.
const OPEN: [&str; 3] = ["pending", "delivering", "retry_scheduled"];

/// A dispatch as the API tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    pub(crate) id: String,
    event_id: String,
    integration_id: String,
    subject: Option<String>,
    status: String,
    status_reason: Option<String>,
    pub(crate) next_attempt_at: Option<Timestamp>,
    /// Left out in lists.
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
}

/// An attempt as the API tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    /// None while it is open.
    pub(crate) outcome: Option<String>,
}

impl Record {
    /// The status with its reason, if there is one.
    pub(crate) fn status(&self) -> String {
        let reason = self.status_reason.as_ref().map(|reason| format!(" ({reason})"));
        format!("{}{}", self.status, reason.unwrap_or_default())
    }
}

/// A dispatch as it is compared.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) message: Message,
    /// With the reason, if there is one.
    pub(crate) status: String,
    /// When the attempts began whose answers were lost. Read for repeated messages alone.
    pub(crate) lost_answers: Vec<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    data: Vec<Record>,
    next_cursor: Option<String>,
}

/// Waits until every dispatch has ended.
pub(crate) async fn all_ended(api: &Api, limit: Duration) -> Result<()> {
    poll::until(limit, "not every dispatch has ended", async || {
        for status in OPEN {
            if in_status(api, status).await? > 0 {
                return Ok(None);
            }
        }
        // One that went from one of them to another in between was seen in none. What has ended stays so.
        let have_ended = records(api).await?.iter().all(|record| !OPEN.contains(&record.status.as_str()));
        Ok(have_ended.then_some(()))
    })
    .await
}

/// How many dispatches are in a status, counted as far as one page goes.
pub(crate) async fn in_status(api: &Api, status: &str) -> Result<usize> {
    let page: Page = api.get(&format!("/v1/dispatches?limit=200&status={status}")).await?;
    Ok(page.data.len())
}

/// All dispatches of an organization.
pub(crate) async fn dispatches(api: &Api, tenant: &Tenant) -> Result<Vec<Dispatch>> {
    records(api).await?.into_iter().map(|record| read(record, tenant)).collect()
}

async fn records(api: &Api) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page: Page = api.get(&format!("/v1/dispatches?limit=200{cursor}")).await?;
        records.append(&mut page.data);
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(records),
        }
    }
}

fn read(record: Record, tenant: &Tenant) -> Result<Dispatch> {
    let marker = record.subject.as_deref().and_then(Marker::find);
    let marker = marker.with_context(|| format!("{} has another subject than was sent", record.id))?;
    let message = Message { marker, chat: tenant.chat_of(&record.integration_id)? };
    let status = record.status();
    Ok(Dispatch { id: record.id, event: record.event_id, message, status, lost_answers: Vec::new() })
}

/// The attempts of a dispatch.
pub(crate) async fn attempts(api: &Api, id: &str) -> Result<Vec<Attempt>> {
    let record: Record = api.get(&format!("/v1/dispatches/{id}")).await?;
    Ok(record.attempts)
}

/// When the attempts of a dispatch began whose answers were lost.
pub(crate) async fn lost_answers(api: &Api, id: &str) -> Result<Vec<Timestamp>> {
    let is_lost = |attempt: &Attempt| matches!(attempt.outcome.as_deref(), Some("interrupted" | "unconfirmed"));
    Ok(attempts(api, id).await?.into_iter().filter(is_lost).map(|attempt| attempt.started_at).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Tells of one dispatch, which is in no status whenever that is asked for, and has ended in the third list.
    async fn tell_of_one_that_hurries(listener: TcpListener) {
        let mut lists = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let is_list = !String::from_utf8_lossy(&request[..length]).contains("status=");
            lists += i32::from(is_list);
            let status = if lists < 3 { "delivering" } else { "delivered" };
            let one = json!({"id": "dsp_1", "eventId": "evt_1", "integrationId": "int_1", "status": status});
            let data = if is_list { vec![one] } else { Vec::new() };
            let body = json!({"data": data, "nextCursor": null}).to_string();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_dispatch_that_changes_its_status_between_the_questions_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Api::new(listener.local_addr().unwrap(), "token");
        let server = tokio::spawn(tell_of_one_that_hurries(listener));
        all_ended(&api, Duration::from_secs(60)).await.unwrap();
        let records = records(&api).await.unwrap();
        assert_eq!(records.iter().map(Record::status).collect::<Vec<_>>(), ["delivered"]);
        server.abort();
    }
}
