//! editMessageText and deleteMessage.

use serde_json::{Value, json};
use telegram_sandbox::{NewBot, NewChat, Standing};

use crate::client::{ADA, BOT, Fixture, Reply};

async fn edit(telegram: &Fixture, message: i64, text: &str) -> Reply {
    telegram.call("editMessageText", json!({"chat_id": ADA, "message_id": message, "text": text})).await
}

#[tokio::test]
async fn a_message_is_edited_in_place_and_stays_in_the_log_as_it_was() {
    let telegram = Fixture::start().await;
    let markup = json!({"inline_keyboard": [[{"text": "Open", "url": "https://a.b/"}]]});
    let sent = telegram.call("sendMessage", json!({"chat_id": ADA, "text": "a", "reply_markup": markup})).await.ok();
    let id = sent["message_id"].as_i64().unwrap();

    let edited = edit(&telegram, id, "b").await.ok();
    assert_eq!((&edited["text"], edited.get("reply_markup")), (&json!("b"), None));
    assert!(edited["edit_date"].is_number());
    assert_eq!(telegram.world().messages(ADA)[0].content.text, "b");
    assert_eq!(telegram.world().received(0)[0].content.text, "a");
    let same = "message is not modified: specified new message content and reply markup are exactly the same as a \
                current content and reply markup of the message";
    edit(&telegram, id, "b ").await.assert_bad(same);
}

#[tokio::test]
async fn only_own_messages_are_edited() {
    let telegram = Fixture::start().await;
    let question = telegram.world().say(ADA, "hello?").unwrap();
    edit(&telegram, question, "x").await.assert_bad("message can't be edited");
    edit(&telegram, 999, "x").await.assert_bad("message to edit not found");
    edit(&telegram, question, "").await.assert_bad("message text is empty");
    let args = json!({"text": "x"});
    telegram.call("editMessageText", args).await.assert_bad("message identifier is not specified");
}

#[tokio::test]
async fn own_messages_are_deleted_and_those_of_others_by_administrators() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.add_bot(NewBot::new(7)).unwrap();
    world.add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    let delete = |message: Value| telegram.call("deleteMessage", json!({"chat_id": -5, "message_id": message}));

    let own = telegram.send(-5, "x").await.ok()["message_id"].clone();
    assert_eq!(delete(own.clone()).await.ok(), json!(true));
    assert!(world.messages(-5).is_empty());
    assert_eq!((world.chat(-5).unwrap().accepted, world.received(0).len()), (1, 1));
    delete(own).await.assert_bad("message to delete not found");

    let other = world.say(-5, "hello").unwrap();
    delete(json!(other)).await.assert_bad("message can't be deleted");
    world.set_standing(-5, BOT, Standing::Administrator).unwrap();
    delete(json!(other)).await.ok();
}
