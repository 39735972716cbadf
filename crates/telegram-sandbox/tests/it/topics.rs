//! Topics of forums, and what `message_thread_id` means elsewhere.

use serde_json::json;
use telegram_sandbox::{NewChat, Standing, Topic, WorldError};

use crate::client::{ADA, BOT, Fixture, Reply};

const FORUM: i64 = -1_000_000_000_001;

async fn send(telegram: &Fixture, chat: i64, thread: i64) -> Reply {
    telegram.call("sendMessage", json!({"chat_id": chat, "text": "x", "message_thread_id": thread})).await
}

async fn fixture() -> Fixture {
    let telegram = Fixture::start().await;
    let forum = NewChat::supergroup(FORUM, "Team").topic(7, "Mail").bot(BOT, Standing::Member);
    telegram.world().add_chat(forum).unwrap();
    telegram
}

#[tokio::test]
async fn a_message_goes_into_its_topic() {
    let telegram = fixture().await;
    let sent = send(&telegram, FORUM, 7).await.ok();
    assert_eq!((&sent["message_thread_id"], &sent["is_topic_message"]), (&json!(7), &json!(true)));
    assert_eq!(sent["chat"]["is_forum"], json!(true));
    assert_eq!(telegram.world().messages(FORUM)[0].thread_id, Some(7));
    assert_eq!(telegram.send(FORUM, "general").await.ok().get("message_thread_id"), None);
}

#[tokio::test]
async fn general_and_unknown_topics_are_not_found() {
    let telegram = fixture().await;
    for thread in [1, 8] {
        send(&telegram, FORUM, thread).await.assert_bad("message thread not found");
    }
    telegram.world().set_topic(FORUM, 7, None).unwrap();
    send(&telegram, FORUM, 7).await.assert_bad("message thread not found");
    send(&telegram, FORUM, 0).await.ok();
}

#[tokio::test]
async fn only_administrators_write_into_a_closed_topic() {
    let telegram = fixture().await;
    let world = telegram.world();
    world.set_topic(FORUM, 7, Some(Topic { name: "Mail".into(), closed: true })).unwrap();
    send(&telegram, FORUM, 7).await.assert_bad("TOPIC_CLOSED");
    telegram.send(FORUM, "general").await.ok();
    world.set_standing(FORUM, BOT, Standing::Administrator).unwrap();
    send(&telegram, FORUM, 7).await.ok();
}

#[tokio::test]
async fn outside_forums_a_topic_is_ignored_except_in_private_chats() {
    let telegram = fixture().await;
    let world = telegram.world();
    world.add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    assert_eq!(send(&telegram, -5, 99).await.ok().get("message_thread_id"), None);
    send(&telegram, ADA, 99).await.assert_bad("message thread not found");
    assert_eq!(world.set_topic(-5, 7, None), Err(WorldError::NotAForum(-5)));
}
