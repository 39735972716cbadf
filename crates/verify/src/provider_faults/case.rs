//! One row at work: a bot, a chat, an address and an event of its own.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize as _;
use serde_json::Value;
use telegram_sandbox::{NewBot, NewChat, Standing, World};

use super::rows::{Row, Trouble};
use crate::{api::Api, history::Record, load::event, marker::Marker, poll, site::Site, tenant};

/// How long the attempts of a row may take: the longest one lasts until the server gives up, after 15 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// A row, and everything that it needs.
pub(super) struct Case {
    pub(super) row: &'static Row,
    marker: Marker,
    bot: i64,
    chat: i64,
    token: String,
    integration: String,
    address: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Seen {
    record: Record,
    /// The integration's status.
    integration: String,
    /// How many messages the chat shows.
    pub(super) arrived: usize,
    /// Whether the API told the bot's token.
    tells_token: bool,
}

impl Case {
    /// Connects a new bot and chat, while the service still behaves.
    pub(super) async fn new(api: &Api, world: &World, row: &'static Row, number: u32) -> Result<Self> {
        let (bot, person) = (700_000 + i64::from(number), 100_000 + i64::from(number));
        let token = world.add_bot(NewBot::new(bot))?;
        let (chat, new) = match row.trouble {
            Trouble::Upgraded => (-person, NewChat::group(-person, "Team")),
            _ => (person, NewChat::private(person, "Ada")),
        };
        world.add_chat(new.bot(bot, Standing::Member))?;
        let integration = tenant::connect(api, &token, chat).await?;
        let address = tenant::subscribe(api, &format!("row-{number}"), [&integration].into_iter()).await?;
        Ok(Self { row, marker: Marker(number.into()), bot, chat, token, integration, address })
    }

    /// Makes the trouble, publishes the event, and looks at it once the expected number of attempts is over.
    pub(super) async fn play(&self, api: &Api, site: &Site) -> Result<Seen> {
        self.make_trouble(site.world())?;
        let _: Value = api.post("/v1/events", &event(&self.address, self.marker)).await?;
        let listed: Value = api.get(&format!("/v1/dispatches?integrationId={}", self.integration)).await?;
        let id = listed.pointer("/data/0/id").and_then(Value::as_str).context("there is no dispatch")?;
        let dispatch = self.dispatch(api, id).await?;
        let integration: Value = api.get(&format!("/v1/integrations/{}", self.integration)).await?;
        let copies = site.received()?.into_iter().filter(|(message, _)| message.marker == self.marker);
        let (_, secret) = self.token.split_once(':').context("a token has a colon")?;
        Ok(Seen {
            record: Record::deserialize(&dispatch)?,
            integration: integration.get("status").and_then(Value::as_str).unwrap_or_default().to_owned(),
            arrived: copies.map(|(_, count)| count).sum(),
            tells_token: [dispatch, integration].iter().any(|body| body.to_string().contains(secret)),
        })
    }

    fn make_trouble(&self, world: &World) -> Result<()> {
        match self.row.trouble {
            Trouble::Scripted(fault) => world.script(fault().bot(self.bot).method("sendMessage")),
            Trouble::Blocked => world.set_standing(self.chat, self.bot, Standing::Kicked)?,
            Trouble::Revoked => drop(world.revoke_token(self.bot)?),
            Trouble::Upgraded => drop(world.migrate(self.chat)?),
        }
        Ok(())
    }

    /// The dispatch, once its attempts are over.
    async fn dispatch(&self, api: &Api, id: &str) -> Result<Value> {
        let path = format!("/v1/dispatches/{id}");
        poll::until(PATIENCE, "the attempts are not over", async || {
            let dispatch: Value = api.get(&path).await?;
            let record = Record::deserialize(&dispatch)?;
            let over = record.attempts.iter().filter(|attempt| attempt.ended_at.is_some());
            Ok((over.count() >= self.row.expected.attempts.len()).then_some(dispatch))
        })
        .await
    }

    /// Where that differs from the table.
    pub(super) fn faults(&self, seen: &Seen) -> Vec<String> {
        let expected = &self.row.expected;
        let outcomes = seen.record.attempts.iter().map(|attempt| attempt.outcome.as_deref().unwrap_or_default());
        let is_next_right = match (expected.next.wait(), seen.wait()) {
            (None, None) => true,
            (Some(range), Some(wait)) => range.contains(&wait),
            _ => false,
        };
        let is_right = is_next_right
            && outcomes.eq(expected.attempts.iter().copied())
            && seen.record.status() == expected.dispatch
            && seen.integration == expected.integration
            && seen.arrived == expected.arrived;
        let differs = (!is_right).then(|| format!("{}: expected {expected:?}, saw {seen:?}", self.row.service));
        let tells = seen.tells_token.then(|| format!("{}: the API tells the bot's token", self.row.service));
        differs.into_iter().chain(tells).collect()
    }
}

impl Seen {
    /// The milliseconds from the last attempt to the next.
    fn wait(&self) -> Option<i64> {
        let ended = self.record.attempts.last()?.ended_at?;
        Some(self.record.next_attempt_at?.as_millisecond() - ended.as_millisecond())
    }
}
