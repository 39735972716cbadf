//! getUpdates and webhooks.

use std::time::Duration;

use serde_json::{Value, json};
use telegram_sandbox::{NewChat, Standing};

use crate::client::{ADA, BOT, Fixture};

async fn updates(telegram: &Fixture, args: Value) -> Vec<Value> {
    telegram.call("getUpdates", args).await.ok().as_array().unwrap().clone()
}

#[tokio::test]
async fn a_bot_learns_which_chats_it_has_met() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    world.add_chat(NewChat::channel(-1_000_000_000_003, "News").bot(BOT, Standing::Administrator)).unwrap();
    world.say(-1_000_000_000_003, "breaking").unwrap();
    world.set_standing(ADA, BOT, Standing::Kicked).unwrap();

    let updates = updates(&telegram, json!({})).await;
    let [start, joined, promoted, post, blocked] = updates.as_slice() else { panic!("{updates:#?}") };
    assert_eq!(start["message"]["text"], json!("/start"));
    assert_eq!(start["message"]["chat"], json!({"id": ADA, "type": "private", "first_name": "Ada"}));
    assert_eq!(joined["my_chat_member"]["chat"]["title"], json!("Family"));
    assert_eq!(joined["my_chat_member"]["old_chat_member"]["status"], json!("left"));
    assert_eq!(joined["my_chat_member"]["new_chat_member"]["status"], json!("member"));
    assert_eq!(promoted["my_chat_member"]["new_chat_member"]["can_post_messages"], json!(true));
    assert_eq!(post["channel_post"]["text"], json!("breaking"));
    assert_eq!(blocked["my_chat_member"]["new_chat_member"]["status"], json!("kicked"));
}

#[tokio::test]
async fn a_migration_is_told_in_both_chats() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    let new = world.migrate(-5).unwrap();
    let updates = updates(&telegram, json!({"offset": -2})).await;
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], json!(new));
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], json!(-5));
}

#[tokio::test]
async fn an_offset_confirms_what_came_before() {
    let telegram = Fixture::start().await;
    for text in ["a", "b", "c"] {
        telegram.world().say(ADA, text).unwrap();
    }
    let all = updates(&telegram, json!({})).await;
    assert_eq!(all.len(), 4);
    assert_eq!(updates(&telegram, json!({"limit": 2})).await, all[..2]);
    assert_eq!(updates(&telegram, json!({"offset": all[1]["update_id"]})).await, all[1..]);
    assert_eq!(updates(&telegram, json!({"offset": -1})).await, all[3..]);
    assert_eq!(updates(&telegram, json!({})).await, all[3..], "the others are gone");
}

#[tokio::test]
async fn a_bot_hears_only_what_it_asked_for() {
    let telegram = Fixture::start().await;
    updates(&telegram, json!({"offset": 100, "allowed_updates": ["my_chat_member"]})).await;
    telegram.world().say(ADA, "a").unwrap();
    assert_eq!(updates(&telegram, json!({})).await, [] as [Value; 0]);
    updates(&telegram, json!({"allowed_updates": []})).await;
    telegram.world().say(ADA, "b").unwrap();
    assert_eq!(updates(&telegram, json!({})).await.len(), 1);
}

#[tokio::test]
async fn a_long_poll_ends_with_the_next_update() {
    let telegram = Fixture::start().await;
    let poll = telegram.call("getUpdates", json!({"offset": 100, "timeout": 50}));
    let speak = async {
        // The poll is under way once the bot's earlier update is confirmed.
        while telegram.call("getWebhookInfo", json!({})).await.ok()["pending_update_count"] != json!(0) {}
        telegram.world().say(ADA, "news").unwrap();
    };
    let (answer, ()) = tokio::join!(poll, speak);
    assert_eq!(answer.ok()[0]["message"]["text"], json!("news"));
}

#[tokio::test]
async fn a_long_poll_without_news_ends_empty() {
    let telegram = Fixture::start().await;
    assert_eq!(updates(&telegram, json!({"offset": 100, "timeout": 1})).await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_second_poll_ends_the_first() {
    let telegram = Fixture::start().await;
    let poll = || telegram.call("getUpdates", json!({"offset": 100, "timeout": 2}));
    let (one, other) = tokio::join!(poll(), poll());
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let ended = if one.status.is_success() { other } else { one };
    let words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    assert_eq!(ended.refusal().1, words);
}

#[tokio::test]
async fn a_webhook_forbids_polling() {
    let telegram = Fixture::start().await;
    let set = telegram.call("setWebhook", json!({"url": "https://example.com/hook"})).await;
    assert_eq!(set.json()["description"], json!("Webhook was set"));
    let words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook \
                 first";
    assert_eq!(telegram.call("getUpdates", json!({})).await.refusal(), (409, words.into()));
    let info = telegram.call("getWebhookInfo", json!({})).await.ok();
    assert_eq!((&info["url"], &info["pending_update_count"]), (&json!("https://example.com/hook"), &json!(1)));

    let deleted = telegram.call("deleteWebhook", json!({"drop_pending_updates": true})).await;
    assert_eq!(deleted.json()["description"], json!("Webhook was deleted"));
    assert_eq!(updates(&telegram, json!({})).await, [] as [Value; 0]);
    let plain = telegram.call("setWebhook", json!({"url": "http://example.com"})).await;
    plain.assert_bad("bad webhook: An HTTPS URL must be provided for webhook");
}

#[tokio::test]
async fn setting_a_webhook_ends_a_poll() {
    let telegram = Fixture::start().await;
    let poll = telegram.call("getUpdates", json!({"offset": 100, "timeout": 50}));
    let set = async {
        while telegram.call("getWebhookInfo", json!({})).await.ok()["pending_update_count"] != json!(0) {}
        telegram.call("setWebhook", json!({"url": "https://example.com/hook"})).await.ok();
    };
    let both = async { tokio::join!(poll, set) };
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    assert_eq!(answer.refusal(), (409, "Conflict: terminated by setWebhook request".into()));
}
