//! What `/sandbox/...` shows: chats, messages, calls.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};

use super::control::Problem;
use crate::show;
use crate::world::{Call, Chat, Message, World, WorldError};

/// A chat with its messages.
#[derive(Serialize)]
pub(super) struct ChatView {
    #[serde(flatten)]
    chat: Chat,
    messages: Vec<MessageView>,
}

/// A message with its text as HTML.
#[derive(Serialize)]
pub(super) struct MessageView {
    #[serde(flatten)]
    message: Arc<Message>,
    html: String,
}

impl From<Arc<Message>> for MessageView {
    fn from(message: Arc<Message>) -> Self {
        Self { html: message.content.to_html(), message }
    }
}

/// Which part of a chat to show, and what to wait for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChatQuery {
    /// At most so many messages, the latest.
    limit: Option<usize>,
    /// Wait until bots have sent so many messages into the chat,
    #[serde(default)]
    at_least: u64,
    /// but no longer than this.
    #[serde(default)]
    timeout_ms: u64,
}

/// Where to go on in a list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

/// The calls that are kept, and how many there were.
#[derive(Serialize)]
pub(super) struct Requests {
    total: u64,
    requests: Vec<Call>,
}

/// The received messages that are kept, and how many there were.
#[derive(Serialize)]
pub(super) struct Received {
    total: u64,
    messages: Vec<MessageView>,
}

pub(super) async fn chats(State(world): State<Arc<World>>, Query(query): Query<ChatQuery>) -> Json<Vec<ChatView>> {
    Json(world.chats().into_iter().map(|chat| view(chat, query.limit)).collect())
}

pub(super) async fn chat(
    State(world): State<Arc<World>>,
    Path(chat): Path<i64>,
    Query(query): Query<ChatQuery>,
) -> Result<Json<ChatView>, Problem> {
    let arrival = world.wait_for_messages(chat, query.at_least);
    // Whether or not the messages came in time, the chat is shown as it is.
    let _ = tokio::time::timeout(Duration::from_millis(query.timeout_ms), arrival).await;
    let chat = world.chat(chat).ok_or(WorldError::UnknownChat(chat))?;
    Ok(Json(view(chat, query.limit)))
}

pub(super) async fn chat_text(State(world): State<Arc<World>>, Path(chat): Path<i64>) -> Result<String, Problem> {
    let chat = world.chat(chat).ok_or(WorldError::UnknownChat(chat))?;
    Ok(show::chat_text(&chat))
}

pub(super) async fn requests(State(world): State<Arc<World>>, Query(query): Query<After>) -> Json<Requests> {
    Json(Requests { total: world.calls_total(), requests: world.calls(query.after) })
}

pub(super) async fn received(State(world): State<Arc<World>>, Query(query): Query<After>) -> Json<Received> {
    let messages = world.received(query.after).into_iter().map(MessageView::from).collect();
    Json(Received { total: world.received_total(), messages })
}

fn view(mut chat: Chat, limit: Option<usize>) -> ChatView {
    let messages = std::mem::take(&mut chat.messages);
    let skip = messages.len() - limit.unwrap_or(messages.len()).min(messages.len());
    ChatView { chat, messages: messages.into_iter().skip(skip).map(MessageView::from).collect() }
}
