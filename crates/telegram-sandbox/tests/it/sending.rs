//! sendMessage: what arrives, what is answered, what is refused.

use serde_json::{Value, json};
use telegram_sandbox::{Author, NewChat, Standing};

use crate::client::{ADA, BOT, Fixture};

#[tokio::test]
async fn a_message_arrives_and_is_answered_as_telegram_does() {
    let telegram = Fixture::start().await;
    let args = json!({"chat_id": ADA, "text": "<b>Hi</b> &amp; bye ", "parse_mode": "HTML",
        "disable_notification": true, "protect_content": true, "link_preview_options": {"is_disabled": true}});
    let sent = telegram.call("sendMessage", args).await.ok();
    assert_eq!(sent["message_id"], json!(2), "the person's /start was the first");
    assert_eq!(sent["from"]["id"], json!(BOT));
    assert_eq!(sent["chat"], json!({"id": ADA, "type": "private", "first_name": "Ada"}));
    assert_eq!(sent["text"], json!("Hi & bye"));
    assert_eq!(sent["entities"], json!([{"type": "bold", "offset": 0, "length": 2}]));
    assert_eq!(sent["has_protected_content"], json!(true));

    let messages = telegram.world().messages(ADA);
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(message.content.to_html(), "<b>Hi</b> &amp; bye");
    assert_eq!((message.message_id, message.silent, message.protected), (2, true, true));
    assert_eq!(message.from, Author::Bot(BOT));
    assert_eq!(sent["date"], json!(message.at_ms / 1000));
}

#[tokio::test]
async fn texts_are_refused_in_telegrams_words() {
    let telegram = Fixture::start().await;
    let table = [
        (json!({}), "message text is empty"),
        (json!({"text": ""}), "message text is empty"),
        (json!({"text": "  \n"}), "text must be non-empty"),
        (json!({"text": "<b> </b>", "parse_mode": "html"}), "text must be non-empty"),
        (json!({"text": "x".repeat(4097)}), "message is too long"),
        (json!({"text": "x".repeat(32_769)}), "text is too long"),
        (
            json!({"text": "<p>", "parse_mode": "HTML"}),
            "can't parse entities: Unsupported start tag \"p\" at byte offset 0",
        ),
        (
            json!({"text": "<b>x", "parse_mode": "HTML"}),
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (json!({"text": "x", "parse_mode": "INVALID"}), "unsupported parse_mode"),
        (
            json!({"text": "*x*", "parse_mode": "MarkdownV2"}),
            "the sandbox does not emulate parse_mode MarkdownV2; send HTML or entities",
        ),
        (
            json!({"text": "x", "link_preview_options": {"is_disabled": "yes"}}),
            "field \"is_disabled\" must be of type Boolean",
        ),
        (json!({"text": "x", "link_preview_options": "x"}), "can't parse link preview options JSON object"),
    ];
    for (mut args, reason) in table {
        args["chat_id"] = json!(ADA);
        telegram.call("sendMessage", args).await.assert_bad(reason);
    }
    assert_eq!(telegram.world().chat(ADA).unwrap().accepted, 0);
}

#[tokio::test]
async fn entities_stand_in_for_markup() {
    let telegram = Fixture::start().await;
    let entities = json!([{"type": "bold", "offset": 0, "length": 5},
        {"type": "text_link", "offset": 6, "length": 5, "url": "example.com"}, {"type": "hashtag", "offset": 0, "length": 1}]);
    let sent = telegram.call("sendMessage", json!({"chat_id": ADA, "text": "hello world", "entities": entities})).await;
    let link = json!({"type": "text_link", "offset": 6, "length": 5, "url": "http://example.com/"});
    assert_eq!(sent.ok()["entities"], json!([{"type": "bold", "offset": 0, "length": 5}, link]));
    telegram.call("sendMessage", json!({"chat_id": ADA, "text": "x", "entities": "not JSON"})).await.ok();
}

#[tokio::test]
async fn entities_are_refused_in_telegrams_words() {
    let telegram = Fixture::start().await;
    let bold = |offset: i64, length: i64| json!({"type": "bold", "offset": offset, "length": length});
    let table = [
        (bold(100, 1), "entity begins after the end of the text at UTF-16 offset 100"),
        (bold(0, 100), "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100"),
        (bold(-1, 1), "receive an entity with incorrect offset -1"),
        (bold(0, 1_000_001), "receive an entity with incorrect length 1000001"),
        (json!({"type": "fancy", "offset": 0, "length": 1}), "can't parse MessageEntity: Unsupported type specified"),
        (json!({"type": "bold", "offset": 0}), "can't parse MessageEntity: Can't find field \"length\""),
        (json!({"type": "text_link", "offset": 0, "length": 1}), "can't parse MessageEntity: Can't find field \"url\""),
        (
            json!({"type": "text_link", "offset": 0, "length": 1, "url": "not-a-url"}),
            "entity URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
        (
            json!({"type": "text_link", "offset": 0, "length": 1, "url": ""}),
            "entity URL '' is invalid: URL host is empty",
        ),
        (
            json!({"type": "custom_emoji", "offset": 0, "length": 1, "custom_emoji_id": "9999999999999999999"}),
            "can't parse MessageEntity: Field \"custom_emoji_id\" must be a valid Number",
        ),
        (json!("bold"), "can't parse MessageEntity: expected an Object"),
    ];
    for (entity, reason) in table {
        let args = json!({"chat_id": ADA, "text": "hello", "entities": [entity]});
        telegram.call("sendMessage", args).await.assert_bad(reason);
    }
}

#[tokio::test]
async fn an_answer_shows_what_it_answers() {
    let telegram = Fixture::start().await;
    let question = telegram.world().say(ADA, "where are you?").unwrap();
    let args = json!({"chat_id": ADA, "text": "here", "reply_parameters": {"message_id": question}});
    let sent = telegram.call("sendMessage", args).await.ok();
    assert_eq!(sent["reply_to_message"]["text"], json!("where are you?"));

    let args = |reply: Value| json!({"chat_id": ADA, "text": "x", "reply_parameters": reply});
    let missing = telegram.call("sendMessage", args(json!({"message_id": 999}))).await;
    missing.assert_bad("message to be replied not found");
    telegram.call("sendMessage", args(json!({"quote": "x"}))).await.assert_bad("can't find field \"message_id\"");
    let allowed = args(json!({"message_id": 999, "allow_sending_without_reply": true}));
    assert_eq!(telegram.call("sendMessage", allowed).await.ok().get("reply_to_message"), None);
    let legacy = json!({"chat_id": ADA, "text": "x", "reply_to_message_id": question});
    assert_eq!(telegram.call("sendMessage", legacy).await.ok()["reply_to_message"]["message_id"], json!(question));
}

#[tokio::test]
async fn the_first_mistake_in_telegrams_order_is_named() {
    let telegram = Fixture::start().await;
    let world = telegram.world();
    world.add_chat(NewChat::channel(-1_000_000_000_009, "News").bot(BOT, Standing::Member)).unwrap();
    let bad_button = json!({"inline_keyboard": [[{"text": "x", "url": "ftp://a.b"}]]});

    telegram.call("sendMessage", json!({"chat_id": 5})).await.assert_bad("message text is empty");
    telegram.call("sendMessage", json!({"chat_id": 5, "text": " "})).await.assert_bad("chat not found");
    let channel = json!({"chat_id": -1_000_000_000_009_i64, "text": " ", "reply_markup": bad_button});
    telegram.call("sendMessage", channel).await.assert_bad("need administrator rights in the channel chat");
    let button = json!({"chat_id": ADA, "text": " ", "reply_markup": bad_button});
    let reason = "inline keyboard button URL 'ftp://a.b' is invalid: Unsupported URL protocol";
    telegram.call("sendMessage", button).await.assert_bad(reason);
    world.set_standing(ADA, BOT, Standing::Kicked).unwrap();
    telegram.call("sendMessage", json!({"chat_id": ADA, "text": " "})).await.assert_bad("text must be non-empty");
    telegram.send(ADA, "x").await.assert_forbidden("bot was blocked by the user");
}
