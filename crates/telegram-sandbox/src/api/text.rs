//! The text of a message as it is sent: plain, as HTML, or with entities.

use serde_json::Value;

use super::args::Args;
use super::json::{self, Object};
use crate::text::{Entity, FormattedText, Style, check_link, mentioned_user, parse_html};
use crate::world::Refusal;

/// The most bytes that are looked at at all.
const MOST_BYTES: usize = 1 << 15;

/// The most that an entity may say as its offset or length.
const FARTHEST: i64 = 1_000_000;

/// The text and its formatting before Telegram has cleaned it.
pub(super) fn message_text(args: &Args) -> Result<FormattedText, Refusal> {
    check_link_preview(args).map_err(Refusal::bad_request)?;
    let text = args.get("text");
    if text.is_empty() {
        return Err(Refusal::bad_request("Message text is empty"));
    }
    if text.len() > MOST_BYTES {
        return Err(Refusal::bad_request("Text is too long"));
    }
    let parse_mode = args.get("parse_mode");
    match parse_mode.to_ascii_lowercase().as_str() {
        "html" => parse_html(text).map_err(|error| Refusal::bad_request(format!("Can't parse entities: {error}"))),
        "markdown" | "markdownv2" => Err(Refusal::bad_request(format!(
            "the sandbox does not emulate parse_mode {parse_mode}; send HTML or entities"
        ))),
        "" | "none" => {
            let entities = entities(args.get("entities")).map_err(Refusal::bad_request)?;
            Ok(FormattedText { text: text.to_owned(), entities })
        }
        _ => Err(Refusal::bad_request("Unsupported parse_mode")),
    }
}

fn check_link_preview(args: &Args) -> Result<(), String> {
    let options = json::argument(args.get("link_preview_options"), "link preview options")?.unwrap_or_default();
    let flags = ["is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text"];
    flags.iter().try_for_each(|flag| json::boolean(&options, flag).map(drop))
}

/// What is not a JSON array is ignored, as at Telegram.
fn entities(argument: &str) -> Result<Vec<Entity>, String> {
    let Ok(Value::Array(items)) = serde_json::from_str(argument) else { return Ok(Vec::new()) };
    let mut entities = Vec::new();
    for item in &items {
        let Value::Object(object) = item else { return Err("Can't parse MessageEntity: expected an Object".into()) };
        let read = || -> Result<_, String> {
            Ok((json::required_integer(object, "offset")?, json::required_integer(object, "length")?, style(object)?))
        };
        let (offset, length, style) = read().map_err(|error| format!("Can't parse MessageEntity: {error}"))?;
        if let Some(style) = style {
            let style = if let Style::Link(url) = style { link(&url)? } else { style };
            let (offset, length) = (bounded(offset, "offset")?, bounded(length, "length")?);
            entities.push(Entity { offset, length, style });
        }
    }
    Ok(entities)
}

/// The style that an entity names; none for those that Telegram finds by itself.
fn style(object: &Object) -> Result<Option<Style>, String> {
    let style = match json::required_string(object, "type")?.as_str() {
        "bold" => Style::Bold,
        "italic" => Style::Italic,
        "underline" => Style::Underline,
        "strikethrough" => Style::Strikethrough,
        "spoiler" => Style::Spoiler,
        "code" => Style::Code,
        "pre" => Style::Pre(json::string(object, "language")?.filter(|language| !language.is_empty())),
        "blockquote" => Style::Blockquote,
        "expandable_blockquote" => Style::ExpandableBlockquote,
        "text_link" => Style::Link(json::required_string(object, "url")?),
        "text_mention" => Style::Mention(json::required_integer(json::required_object(object, "user")?, "id")?),
        "custom_emoji" => Style::CustomEmoji(json::required_integer(object, "custom_emoji_id")?),
        "mention" | "hashtag" | "cashtag" | "bot_command" | "url" | "email" | "phone_number" | "bank_card_number" => {
            return Ok(None);
        }
        "" => return Err("Type is not specified".into()),
        _ => return Err("Unsupported type specified".into()),
    };
    Ok(Some(style))
}

fn link(url: &str) -> Result<Style, String> {
    if let Some(user) = mentioned_user(url) {
        return Ok(Style::Mention(user));
    }
    check_link(url).map(Style::Link).map_err(|error| format!("Entity URL '{url}' is invalid: {error}"))
}

fn bounded(number: i64, what: &str) -> Result<usize, String> {
    let number = usize::try_from(number).ok().filter(|_| number <= FARTHEST).ok_or(number);
    number.map_err(|number| format!("Receive an entity with incorrect {what} {number}"))
}
