//! What a bot is told: getUpdates, and the webhook methods that switch it off.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::Args;
use super::{Answer, Success};
use crate::world::{Bot, Refusal, State, Update, World};

const WEBHOOK_IS_ACTIVE: &str =
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const OTHER_POLL: &str =
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";

/// The updates that wait, or those that come within the timeout
/// (<https://core.telegram.org/bots/api#getupdates>).
pub(crate) async fn get_updates(world: &World, bot_id: i64, args: &Args) -> Answer {
    let limit = usize::try_from(args.number("limit", 100, 1, 100)).unwrap_or(100);
    let seconds = u64::try_from(args.number("timeout", 0, 0, 50)).unwrap_or(0);
    let (waiting, poll) = world.change(|state, _| {
        let bot = polling_bot(state, bot_id)?;
        bot.inbox.confirm(args.number("offset", 0, i64::MIN, i64::MAX));
        ask_for(bot, args.get("allowed_updates"));
        let waiting = bot.inbox.first(limit);
        bot.inbox.polls += u64::from(seconds > 0 && waiting.is_empty());
        Ok((waiting, bot.inbox.polls))
    })?;
    if !waiting.is_empty() || seconds == 0 {
        return Ok(answer(waiting));
    }
    let news = world.wait(|state| {
        let bot = state.bots.get(&bot_id)?;
        match bot.inbox.first(limit) {
            _ if bot.inbox.polls != poll => Some(Err(Refusal::new(409, OTHER_POLL))),
            _ if bot.webhook.is_some() => Some(Err(Refusal::new(409, "Conflict: terminated by setWebhook request"))),
            updates if updates.is_empty() => None,
            updates => Some(Ok(answer(updates))),
        }
    });
    tokio::time::timeout(Duration::from_secs(seconds), news).await.unwrap_or_else(|_| Ok(answer(Vec::new())))
}

fn polling_bot(state: &mut State, bot: i64) -> Result<&mut Bot, Refusal> {
    match state.bots.get_mut(&bot) {
        Some(bot) if bot.webhook.is_none() => Ok(bot),
        _ => Err(Refusal::new(409, WEBHOOK_IS_ACTIVE)),
    }
}

fn answer(updates: Vec<Update>) -> Success {
    let updates = updates.into_iter().map(|update| json!({"update_id": update.id, update.kind: update.body}));
    Success::of(updates.collect::<Value>())
}

/// Keeps to the kinds of updates that were asked for last; an empty list means all.
fn ask_for(bot: &mut Bot, kinds: &str) {
    if let Ok(kinds) = serde_json::from_str(kinds) {
        bot.inbox.kinds = kinds;
    }
}

/// Remembers a webhook (<https://core.telegram.org/bots/api#setwebhook>). Nothing is ever sent to it.
pub(super) fn set_webhook(state: &mut State, bot: i64, args: &Args) -> Answer {
    let url = args.get("url");
    if url.is_empty() {
        return delete_webhook(state, bot, args);
    }
    if !url.starts_with("https://") {
        return Err(Refusal::bad_request("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    forget_updates(state, bot, args);
    let bot = state.bots.get_mut(&bot);
    let old = bot.and_then(|bot| {
        ask_for(bot, args.get("allowed_updates"));
        bot.webhook.replace(url.to_owned())
    });
    let description = if old.as_deref() == Some(url) { "Webhook is already set" } else { "Webhook was set" };
    Ok(Success { description: Some(description), ..Success::of(true) })
}

/// Forgets the webhook (<https://core.telegram.org/bots/api#deletewebhook>).
pub(super) fn delete_webhook(state: &mut State, bot: i64, args: &Args) -> Answer {
    forget_updates(state, bot, args);
    let old = state.bots.get_mut(&bot).and_then(|bot| bot.webhook.take());
    let description = if old.is_some() { "Webhook was deleted" } else { "Webhook is already deleted" };
    Ok(Success { description: Some(description), ..Success::of(true) })
}

/// The webhook (<https://core.telegram.org/bots/api#getwebhookinfo>).
pub(super) fn get_webhook_info(state: &State, bot: i64) -> Answer {
    let bot = state.bots.get(&bot);
    let url = bot.and_then(|bot| bot.webhook.as_deref()).unwrap_or_default();
    let pending = bot.map_or(0, |bot| bot.inbox.len());
    Ok(Success::of(json!({"url": url, "has_custom_certificate": false, "pending_update_count": pending})))
}

fn forget_updates(state: &mut State, bot: i64, args: &Args) {
    if args.flag("drop_pending_updates")
        && let Some(bot) = state.bots.get_mut(&bot)
    {
        bot.inbox.clear();
    }
}
