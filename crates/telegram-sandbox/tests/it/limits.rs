//! Flood limits, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use telegram_sandbox::{Clock, Config, Limits, NewChat, Standing};

use crate::client::{ADA, BOT, Fixture};

/// A sandbox with Telegram's limits and the milliseconds that its clock shows.
async fn fixture() -> (Fixture, Arc<AtomicU64>) {
    let millis = Arc::new(AtomicU64::new(1_000_000));
    let shown = Arc::clone(&millis);
    let clock = Clock::new(move || Duration::from_millis(shown.load(Ordering::SeqCst)));
    (Fixture::start_with(Config { limits: Limits::faq(), clock, ..Config::default() }).await, millis)
}

#[tokio::test]
async fn a_short_burst_passes_and_then_the_bot_must_wait() {
    let (telegram, clock) = fixture().await;
    for _ in 0..3 {
        telegram.send(ADA, "x").await.ok();
    }
    clock.fetch_add(500, Ordering::SeqCst);
    let refused = telegram.send(ADA, "x").await;
    assert_eq!(refused.refusal(), (429, "Too Many Requests: retry after 3".into()));
    assert_eq!(refused.json()["parameters"], json!({"retry_after": 3}));
    assert_eq!(refused.retry_after.as_deref(), Some("3"));
    clock.fetch_add(2_499, Ordering::SeqCst);
    assert_eq!(telegram.send(ADA, "x").await.refusal().1, "Too Many Requests: retry after 1");
    clock.fetch_add(1, Ordering::SeqCst);
    telegram.send(ADA, "x").await.ok();
    assert_eq!(telegram.world().chat(ADA).unwrap().accepted, 4);
}

#[tokio::test]
async fn a_group_takes_20_messages_a_minute() {
    let (telegram, clock) = fixture().await;
    telegram.world().add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    for _ in 0..20 {
        telegram.send(-5, "x").await.ok();
        clock.fetch_add(1_000, Ordering::SeqCst);
    }
    assert_eq!(telegram.send(-5, "x").await.refusal().1, "Too Many Requests: retry after 40");
    telegram.send(ADA, "other chats are not concerned").await.ok();
    clock.fetch_add(40_000, Ordering::SeqCst);
    telegram.send(-5, "x").await.ok();
}

#[tokio::test]
async fn a_bot_sends_30_messages_a_second() {
    let (telegram, clock) = fixture().await;
    for person in 1..=31 {
        let chat = NewChat::private(person, "Somebody").bot(BOT, Standing::Member);
        telegram.world().add_chat(chat).unwrap();
    }
    for person in 1..=30 {
        telegram.send(person, "x").await.ok();
    }
    assert_eq!(telegram.send(31, "x").await.refusal().1, "Too Many Requests: retry after 1");
    clock.fetch_add(1_000, Ordering::SeqCst);
    telegram.send(31, "x").await.ok();
}

#[tokio::test]
async fn a_refused_message_does_not_count() {
    let (telegram, _) = fixture().await;
    for _ in 0..10 {
        telegram.send(ADA, " ").await.assert_bad("text must be non-empty");
    }
    telegram.send(ADA, "x").await.ok();
}
