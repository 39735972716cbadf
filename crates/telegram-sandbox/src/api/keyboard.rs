//! Buttons below a message. Other kinds of keyboards are accepted and not kept.

use serde_json::Value;

use super::args::Args;
use super::json::{self, Object};
use crate::text::{check_https_link, check_link, mentioned_user};
use crate::world::{Action, Button, ChatKind, Refusal};

/// The most buttons in a row and in all.
const MOST: [usize; 2] = [8, 100];
/// The most bytes of `callback_data`.
const MOST_DATA: usize = 64;
/// The most characters of a `copy_text`.
const MOST_COPY: usize = 256;

type Rows = Vec<Vec<Button>>;

/// Reads the buttons of `reply_markup`.
pub(super) fn read(args: &Args) -> Result<Rows, Refusal> {
    rows(args.get("reply_markup")).map_err(Refusal::bad_request)
}

fn rows(markup: &str) -> Result<Rows, String> {
    if markup.is_empty() {
        return Ok(Rows::new());
    }
    let markup = match serde_json::from_str(markup) {
        Ok(Value::Object(markup)) => markup,
        Ok(_) => return Err("Object expected as reply markup".into()),
        Err(_) => return Err("Can't parse reply keyboard markup JSON object".into()),
    };
    json::array(&markup, "keyboard")?;
    let rows = json::array(&markup, "inline_keyboard")?.iter().map(row).collect::<Result<Rows, _>>()?;
    json::boolean(&markup, "remove_keyboard")?;
    json::boolean(&markup, "force_reply")?;
    Ok(rows)
}

fn row(row: &Value) -> Result<Vec<Button>, String> {
    let Value::Array(buttons) = row else {
        return Err("Field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays".into());
    };
    let read = |value: &Value| button(value).map_err(|error| format!("Can't parse inline keyboard button: {error}"));
    buttons.iter().map(read).collect()
}

fn button(value: &Value) -> Result<Button, String> {
    let Value::Object(fields) = value else { return Err("InlineKeyboardButton must be an Object".into()) };
    let text = json::required_string(fields, "text")?;
    let action = action(fields)?.ok_or("Text buttons are unallowed in the inline keyboard")?;
    Ok(Button { text, action })
}

fn action(fields: &Object) -> Result<Option<Action>, String> {
    if let Some(url) = json::string(fields, "url")?.filter(|url| !url.is_empty()) {
        return Ok(Some(Action::Url(url)));
    }
    if let Some(data) = json::string(fields, "callback_data")?.filter(|data| !data.is_empty()) {
        return Ok(Some(Action::Callback(data)));
    }
    let others = [
        "callback_game",
        "pay",
        "switch_inline_query",
        "switch_inline_query_chosen_chat",
        "switch_inline_query_current_chat",
        "login_url",
    ];
    if let Some((name, value)) = others.iter().find_map(|name| fields.get_key_value(*name)) {
        return Ok(Some(Action::Other(Object::from_iter([(name.clone(), value.clone())]))));
    }
    if fields.contains_key("web_app") {
        let url = json::required_string(json::required_object(fields, "web_app")?, "url")?;
        return Ok(Some(Action::WebApp(url)));
    }
    if fields.contains_key("copy_text") {
        let text = json::required_string(json::required_object(fields, "copy_text")?, "text")?;
        return Ok(Some(Action::CopyText(text)));
    }
    Ok(None)
}

/// Checks links and rewrites them as Telegram does; drops buttons without a label.
pub(super) fn check(rows: Rows) -> Result<Rows, Refusal> {
    let [most_in_row, most] = MOST;
    if rows.iter().any(|row| row.len() > most_in_row) || rows.iter().map(Vec::len).sum::<usize>() > most {
        return Err(Refusal::bad_request("reply markup is too long"));
    }
    let checked = |row: Vec<Button>| row.into_iter().filter(|it| !it.text.is_empty()).map(check_button).collect();
    let rows = rows.into_iter().map(checked).collect::<Result<Rows, _>>().map_err(Refusal::bad_request)?;
    Ok(rows.into_iter().filter(|row| !row.is_empty()).collect())
}

fn check_button(button: Button) -> Result<Button, String> {
    let action = match button.action {
        Action::Url(url) if mentioned_user(&url).is_some() => Action::Url(url),
        Action::Url(url) => Action::Url(
            check_link(&url).map_err(|error| format!("Inline keyboard button URL '{url}' is invalid: {error}"))?,
        ),
        Action::WebApp(url) => Action::WebApp(
            check_https_link(&url)
                .map_err(|error| format!("Inline keyboard button Web App URL '{url}' is invalid: {error}"))?,
        ),
        other => other,
    };
    Ok(Button { text: button.text, action })
}

/// What only shows when the message arrives.
pub(super) fn check_delivery(rows: &Rows, kind: ChatKind) -> Result<(), Refusal> {
    let code = |button: &Button| match &button.action {
        Action::Callback(data) if data.len() > MOST_DATA => Some("BUTTON_DATA_INVALID"),
        Action::CopyText(text) if text.is_empty() || text.chars().count() > MOST_COPY => {
            Some("BUTTON_COPY_TEXT_INVALID")
        }
        Action::WebApp(_) if kind != ChatKind::Private => Some("BUTTON_TYPE_INVALID"),
        Action::Other(fields) if fields.contains_key("pay") || fields.contains_key("callback_game") => {
            Some("BUTTON_TYPE_INVALID")
        }
        _ => None,
    };
    rows.iter().flatten().find_map(code).map_or(Ok(()), |code| Err(Refusal::bad_request(code)))
}
