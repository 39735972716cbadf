//! Inline keyboards.

use serde_json::{Value, json};
use telegram_sandbox::{Action, NewChat, Standing};

use crate::client::{ADA, BOT, Fixture, Reply};

async fn send(telegram: &Fixture, chat: i64, markup: Value) -> Reply {
    telegram.call("sendMessage", json!({"chat_id": chat, "text": "x", "reply_markup": markup})).await
}

async fn send_button(telegram: &Fixture, chat: i64, button: Value) -> Reply {
    send(telegram, chat, json!({"inline_keyboard": [[button]]})).await
}

#[tokio::test]
async fn buttons_are_kept_with_their_links_as_telegram_writes_them() {
    let telegram = Fixture::start().await;
    let markup = json!({"inline_keyboard": [
        [{"text": "Open", "url": "https://example.com"}, {"text": "Ask", "callback_data": "ask"}],
        [{"text": "Copy", "copy_text": {"text": "1234"}}, {"text": "App", "web_app": {"url": "https://a.b/"}}],
        [{"text": "", "url": "https://example.com"}],
        [{"text": "Share", "switch_inline_query": "q"}, {"text": "Ada", "url": "tg://user?id=5"}],
    ]});
    // As a form would send it: the markup is a text.
    let sent = send(&telegram, ADA, Value::String(markup.to_string())).await.ok();
    let rows = json!([
        [{"text": "Open", "url": "https://example.com/"}, {"text": "Ask", "callback_data": "ask"}],
        [{"text": "Copy", "copy_text": {"text": "1234"}}, {"text": "App", "web_app": {"url": "https://a.b/"}}],
        [{"text": "Share", "switch_inline_query": "q"}, {"text": "Ada", "url": "tg://user?id=5"}],
    ]);
    assert_eq!(sent["reply_markup"], json!({"inline_keyboard": rows}));
    let message = telegram.world().messages(ADA).remove(0);
    assert_eq!(message.buttons[0][0].action, Action::Url("https://example.com/".into()));
}

#[tokio::test]
async fn bad_buttons_are_refused_in_telegrams_words() {
    let telegram = Fixture::start().await;
    let parse = |reason: &str| format!("can't parse inline keyboard button: {reason}");
    let table = [
        (json!({"url": "https://a.b"}), parse("Can't find field \"text\"")),
        (json!({"text": ["x"], "url": "https://a.b"}), parse("Field \"text\" must be of type String")),
        (json!({"text": "x"}), parse("Text buttons are unallowed in the inline keyboard")),
        (json!({"text": "x", "callback_data": ""}), parse("Text buttons are unallowed in the inline keyboard")),
        (json!("x"), parse("InlineKeyboardButton must be an Object")),
        (
            json!({"text": "x", "url": "http://localhost"}),
            "inline keyboard button URL 'http://localhost' is invalid: Wrong HTTP URL".into(),
        ),
        (
            json!({"text": "x", "url": "ftp://example.com"}),
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol".into(),
        ),
        (
            json!({"text": "x", "web_app": {"url": "http://example.com"}}),
            "inline keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed".into(),
        ),
        (json!({"text": "x", "callback_data": "é".repeat(33)}), "BUTTON_DATA_INVALID".into()),
        (json!({"text": "x", "copy_text": {"text": ""}}), "BUTTON_COPY_TEXT_INVALID".into()),
        (json!({"text": "x", "copy_text": {"text": "x".repeat(257)}}), "BUTTON_COPY_TEXT_INVALID".into()),
        (json!({"text": "x", "pay": true}), "BUTTON_TYPE_INVALID".into()),
    ];
    for (button, reason) in table {
        send_button(&telegram, ADA, button).await.assert_bad(&reason);
    }
    send_button(&telegram, ADA, json!({"text": "x", "callback_data": "é".repeat(32)})).await.ok();
    send_button(&telegram, ADA, json!({"text": "x", "copy_text": {"text": "é".repeat(256)}})).await.ok();
}

#[tokio::test]
async fn web_apps_open_in_private_chats_only() {
    let telegram = Fixture::start().await;
    telegram.world().add_chat(NewChat::group(-5, "Family").bot(BOT, Standing::Member)).unwrap();
    let button = json!({"text": "x", "web_app": {"url": "https://a.b"}});
    send_button(&telegram, ADA, button.clone()).await.ok();
    send_button(&telegram, -5, button).await.assert_bad("BUTTON_TYPE_INVALID");
}

#[tokio::test]
async fn keyboards_have_a_size() {
    let telegram = Fixture::start().await;
    let rows = |rows: usize, columns: usize| {
        let button = json!({"text": "x", "callback_data": "x"});
        json!({"inline_keyboard": vec![vec![button; columns]; rows]})
    };
    send(&telegram, ADA, rows(12, 8)).await.ok();
    send(&telegram, ADA, rows(1, 9)).await.assert_bad("reply markup is too long");
    send(&telegram, ADA, rows(100, 1)).await.ok();
    send(&telegram, ADA, rows(101, 1)).await.assert_bad("reply markup is too long");
}

#[tokio::test]
async fn markup_that_is_no_keyboard_is_refused() {
    let telegram = Fixture::start().await;
    let rows = "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays";
    let table = [
        (json!("{"), "can't parse reply keyboard markup JSON object"),
        (json!([]), "object expected as reply markup"),
        (json!({"inline_keyboard": "x"}), "field \"inline_keyboard\" must be of type Array"),
        (json!({"inline_keyboard": ["x"]}), rows),
        (json!({"force_reply": "yes"}), "field \"force_reply\" must be of type Boolean"),
    ];
    for (markup, reason) in table {
        send(&telegram, ADA, markup).await.assert_bad(reason);
    }
    let sent = send(&telegram, ADA, json!({"remove_keyboard": true})).await.ok();
    assert_eq!(sent.get("reply_markup"), None);
}
